import { formatLink, type LinkState, parseLink } from './link-state.ts'

/** Keeps the address in step with the view, without filling the history. */
export function linkMemory(changed: (link: LinkState) => void): { read(): LinkState; write(link: LinkState): void } {
  let written = location.hash
  window.addEventListener('hashchange', () => {
    if (location.hash === written) return
    written = location.hash
    changed(parseLink(written))
  })
  return {
    read: () => parseLink(location.hash),
    write(link) {
      const hash = formatLink(link)
      if (hash === written) return
      written = hash
      history.replaceState(null, '', hash === '' ? location.pathname + location.search : hash)
    },
  }
}

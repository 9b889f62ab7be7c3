import { setAttributes } from './element.ts'

/** Tabs that the arrow keys walk. */
export function tabs(list: HTMLElement): { open(id: string): void } {
  const all = [...list.querySelectorAll<HTMLButtonElement>('[role="tab"]')]
  const open = (tab: HTMLButtonElement) => {
    for (const each of all) {
      const chosen = each === tab
      setAttributes(each, { 'aria-selected': String(chosen), tabindex: chosen ? undefined : -1 })
      document.getElementById(each.getAttribute('aria-controls')!)!.hidden = !chosen
    }
  }
  list.addEventListener('click', event => {
    const tab = (event.target as Element).closest<HTMLButtonElement>('[role="tab"]')
    if (tab) open(tab)
  })
  list.addEventListener('keydown', event => {
    const at = all.indexOf(document.activeElement as HTMLButtonElement)
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key]
    if (at < 0 || to === undefined) return
    event.preventDefault()
    const tab = all[(to + all.length) % all.length]!
    open(tab)
    tab.focus()
  })
  return { open: id => open(all.find(tab => tab.getAttribute('aria-controls') === id)!) }
}

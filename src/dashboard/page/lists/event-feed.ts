import type { FeedEntry } from '../../api/feed.ts'
import { element } from '../element.ts'
import { clock } from '../format.ts'

/** What happened, newest first. Lines that stay are left alone. */
export function eventFeed(
  pane: HTMLElement,
): (entries: readonly FeedEntry[], nameOf: (peer: string) => string) => void {
  const list = element('ol', { class: 'feed', 'aria-label': 'Events, newest first' })
  const nothing = element('p', {}, 'Nothing has happened yet.')
  pane.append(list, nothing)
  const lines = new Map<string, HTMLLIElement>()
  return (entries, nameOf) => {
    const wanted = new Set(entries.map(entry => entry.id))
    for (const [id, line] of lines) {
      if (wanted.has(id)) continue
      line.remove()
      lines.delete(id)
    }
    let before: Element | null = list.firstElementChild
    for (const entry of entries) {
      const known = lines.get(entry.id)
      if (known && known === before) {
        before = before.nextElementSibling
        continue
      }
      const line = known ?? newLine(entry, nameOf)
      lines.set(entry.id, line)
      list.insertBefore(line, before)
    }
    nothing.hidden = entries.length > 0
  }
}

function newLine(entry: FeedEntry, nameOf: (peer: string) => string): HTMLLIElement {
  const time = element('time', { datetime: new Date(entry.time).toISOString() }, clock(entry.time))
  const sign = entry.level === 'warning' ? '⚠ ' : ''
  const who = element('span', { class: 'who' }, nameOf(entry.peer))
  return element(
    'li',
    { class: entry.level, 'data-kind': entry.kind },
    time,
    who,
    element('span', {}, sign + entry.text),
  )
}

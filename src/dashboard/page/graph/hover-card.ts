import { element } from '../element.ts'

/** Rows of a name and a text. */
export type Facts = readonly (readonly [name: string, text: string])[]

/** A card beside what the pointer or the keyboard is on. */
export function hoverCard(card: HTMLElement): {
  show(title: string, facts: Facts, x: number, y: number): void
  hide(): void
} {
  let shown = ''
  return {
    show(title, facts, x, y) {
      const next = JSON.stringify([title, facts])
      if (next !== shown) {
        shown = next
        card.replaceChildren(element('h2', {}, title), factList(facts))
      }
      card.hidden = false
      const sky = card.parentElement!
      const left = x + 18 + card.offsetWidth > sky.clientWidth ? x - card.offsetWidth - 18 : x + 18
      const top = Math.min(y + 10, sky.clientHeight - card.offsetHeight - 6)
      card.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`
    },
    hide() {
      card.hidden = true
    },
  }
}

export function factList(facts: Facts): HTMLElement {
  return element('dl', {}, ...facts.flatMap(([name, text]) => [element('dt', {}, name), element('dd', {}, text)]))
}

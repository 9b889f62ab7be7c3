import type { ExchangeTally } from '../../api/state.ts'
import { element, setAttributes, setText } from '../element.ts'
import { percent, whole } from '../format.ts'

const reasons: Readonly<Record<string, string>> = {
  'no-partner': 'no partner',
  busy: 'partner busy',
  unreachable: 'unreachable',
  'timed-out': 'timed out',
  broken: 'stream broke',
  invalid: 'invalid message',
  'not-finite': 'not finite',
  'too-stale': 'too stale',
  mismatch: 'another run or shard',
  cancelled: 'cancelled',
}

/** How an exchange ended, in words. */
export function outcomeWords(outcome: string): string {
  return outcome === 'ok' ? 'came to pass' : (reasons[outcome] ?? outcome)
}

/** How exchanges ended: those that came to pass, and the reasons of the others. */
export function outcomeBars(): { readonly root: HTMLElement; show(tally: ExchangeTally | undefined): void } {
  const figures = element('small')
  const bars = element('div', { class: 'bars' })
  const nothing = element('p', { class: 'nothing' }, 'No exchange has been tried yet.')
  const heading = element('h2', {}, 'How exchanges ended', figures)
  const root = element('section', { class: 'plot' }, heading, bars, nothing)
  return {
    root,
    show(tally) {
      const tried = tally?.tried ?? 0
      bars.hidden = tried === 0
      nothing.hidden = tried > 0
      setText(figures, tried === 0 ? '' : `${whole(tried)} tried`)
      if (!tally || tried === 0) return
      const rows: [string, number][] = [
        ['ok', tally.ok],
        ...Object.entries(tally.failed)
          .filter(([, n]) => n > 0)
          .toSorted((a, b) => b[1] - a[1]),
      ]
      while (bars.childElementCount > rows.length) bars.lastElementChild?.remove()
      rows.forEach(([outcome, n], i) => {
        const row = bars.children[i] ?? bars.appendChild(newRow())
        const [name, meter, figure] = row.children
        setText(name!, outcomeWords(outcome))
        setAttributes(meter!, { value: n, max: tried, 'aria-label': outcomeWords(outcome) })
        setText(figure!, `${whole(n)} (${percent(n / tried)})`)
      })
    },
  }
}

function newRow(): HTMLElement {
  return element('div', {}, element('span'), element('meter', { min: 0, max: 1, value: 0 }), element('span'))
}

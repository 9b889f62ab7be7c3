import type { StalenessDistribution } from '../../api/state.ts'
import { element, setAttributes, setText } from '../element.ts'
import { plural, whole } from '../format.ts'

interface Histogram {
  readonly root: HTMLElement
  show(staleness: StalenessDistribution | undefined): void
}

/** How many exchanges met how many local steps of staleness. */
export function stalenessHistogram(): Histogram {
  const figures = element('small')
  const bars = element('div', { class: 'histogram', role: 'img' })
  const scale = element('div', { class: 'scale' }, element('span'), element('span', {}, 'local steps'), element('span'))
  const nothing = element('p', { class: 'nothing' }, 'No exchange has come to pass yet.')
  const heading = element('h2', {}, 'Staleness', figures)
  const root = element('section', { class: 'plot' }, heading, bars, scale, nothing)
  return {
    root,
    show(staleness) {
      const bins = staleness?.bins ?? []
      const most = bins.reduce((greatest, bin) => Math.max(greatest, bin.count), 0)
      bars.hidden = scale.hidden = most === 0
      nothing.hidden = most > 0
      if (!staleness || most === 0) {
        setText(figures, '')
        return
      }
      setText(figures, `median ${staleness.p50}, p95 ${staleness.p95}, most ${staleness.max} steps`)
      setAttributes(bars, {
        'aria-label': `Staleness: ${bins.map(bin => `${span(bin)}: ${plural(bin.count, 'exchange')}`).join('; ')}`,
      })
      while (bars.childElementCount > bins.length) bars.lastElementChild?.remove()
      bins.forEach((bin, i) => {
        const bar = (bars.children[i] ?? bars.appendChild(element('div'))) as HTMLElement
        bar.style.height = `${Math.max(bin.count > 0 ? 2 : 0, (100 * bin.count) / most)}%`
        bar.title = `${span(bin)}: ${whole(bin.count)}`
      })
      setText(scale.firstElementChild!, whole(bins[0]!.from))
      setText(scale.lastElementChild!, whole(bins.at(-1)!.to))
    },
  }
}

function span({ from, to }: { from: number; to: number }): string {
  return from === to ? plural(from, 'step') : `${from} to ${to} steps`
}

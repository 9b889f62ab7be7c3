import { type ColourBy, measures } from './colour-by.ts'
import { element } from './element.ts'
import { backendMark } from './graph/marks.ts'
import type { Picture } from './graph/picture.ts'
import type { Domain } from './graph/scales.ts'

/** What the graph's colours, letters and rings mean. */
export function legend(root: HTMLElement): (colourBy: ColourBy, domain: Domain | undefined, picture: Picture) => void {
  let shown = ''
  return (colourBy, domain, picture) => {
    const { format, unit } = measures[colourBy]
    const backends = [...new Set(picture.peers.map(peer => peer.backend))].filter(name => name !== '').toSorted()
    const marks = backends.map(name => `${backendMark(name)} ${name}`).join(', ')
    const lines = picture.peers.length === 0 ? [] : ['Size: tokens per second. Ring: shards hosted. Dashed: silent.']
    if (picture.peers.length === 1) lines.unshift('One peer so far: it averages as soon as another one joins.')
    if (marks !== '') lines.push(`Letter: ${marks}.`)
    const next = JSON.stringify([colourBy, domain && [format(domain.low), format(domain.high)], lines])
    if (next === shown) return
    shown = next
    root.replaceChildren()
    if (domain) {
      const least = domain.low === domain.high ? [] : [format(domain.low), element('i')]
      root.append(element('div', { class: 'ramp' }, ...least, `${format(domain.high)} ${unit}`))
    }
    for (const line of lines) root.append(element('div', { class: 'marks' }, line))
  }
}

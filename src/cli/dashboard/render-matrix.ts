import type { SwarmState } from '../../dashboard/api/state.ts'
import { formatCount } from '../format.ts'
import { pad, type Span, span } from '../progress/line.ts'

/** Peers beyond which a matrix can no longer be read. */
const MOST_PEERS = 24

/** Columns of a cell: at least enough for a count, at most a name's end. */
const LEAST_CELL = 6
const MOST_CELL = 8
const NAME = 10

/**
 * Who exchanged with whom: a row and a column for each peer, as many as fit, those with the most exchanges first; a cell
 * is the number that came to pass, with `!` where more than a tenth failed. Pure.
 */
export function renderMatrix({ peers, edges }: SwarmState, columns: number): Span[][] {
  if (edges.length === 0) return []
  const counts = new Map<string, number>()
  for (const { a, b, ok } of edges) for (const id of [a, b]) counts.set(id, (counts.get(id) ?? 0) + ok)
  const longest = Math.max(...peers.map(({ name }) => name.length))
  const width = Math.min(MOST_CELL, Math.max(LEAST_CELL, longest + 1))
  const room = Math.min(MOST_PEERS, Math.floor((columns - NAME) / width))
  if (room < 2) return []
  const shown = peers
    .filter(({ id }) => counts.has(id))
    .toSorted((one, other) => counts.get(other.id)! - counts.get(one.id)!)
    .slice(0, room)
    .toSorted((one, other) => peers.indexOf(one) - peers.indexOf(other))
  const pairs = new Map(
    edges.flatMap(edge => [
      [`${edge.a}|${edge.b}`, edge],
      [`${edge.b}|${edge.a}`, edge],
    ]),
  )
  const cell = (row: string, column: string): Span => {
    const edge = pairs.get(`${row}|${column}`)
    if (!edge) return span(pad(row === column ? '' : '·', -width), 'faint')
    const failing = edge.failed > (edge.ok + edge.failed) / 10
    return span(pad(`${formatCount(edge.ok)}${failing ? '!' : ''}`, -width), failing ? 'bad' : 'plain')
  }
  const hidden = counts.size - shown.length
  return [
    [
      span(pad('exchanges', NAME), 'faint'),
      ...shown.map(({ name }) => span(pad(short(name, width - 1), -width), 'faint')),
    ],
    ...shown.map(({ id, name }) => [span(pad(name, NAME), 'strong'), ...shown.map(other => cell(id, other.id))]),
    ...(hidden > 0 ? [[span(`… and ${hidden} more peers that exchanged`, 'faint')]] : []),
  ]
}

/** The end of a name: what tells it from others. */
function short(name: string, most: number): string {
  return name.length <= most ? name : name.slice(-most)
}

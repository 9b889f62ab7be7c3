import type { PeerState } from '../../api/state.ts'
import { ago, bytes, loss, percent, quantity, whole } from '../format.ts'

export interface Column {
  readonly key: string
  readonly label: string
  /** Longer words for the heading, where the label is short. */
  readonly title?: string
  readonly words?: boolean
  /** What it sorts by. */
  sortBy(peer: PeerState): number | string | null
  text(peer: PeerState, now: number): string
}

const numeric = (
  key: string,
  label: string,
  value: (peer: PeerState) => number | null,
  format: (value: number | null) => string,
  title?: string,
): Column => ({ key, label, title, sortBy: value, text: peer => format(value(peer)) })

/** What the table of peers tells of each, after its name. */
export const columns: readonly Column[] = [
  { key: 'state', label: 'State', words: true, sortBy: stateWords, text: stateWords },
  { key: 'backend', label: 'Backend', words: true, sortBy: peer => peer.backend, text: peer => peer.backend ?? '–' },
  numeric('step', 'Step', peer => peer.step, whole),
  numeric('loss', 'Loss', peer => peer.loss, loss, 'Training loss, nats per token'),
  numeric('speed', 'Tokens/s', peer => peer.tokensPerSecond, whole, 'Tokens per second'),
  numeric('staleness', 'Staleness', peer => peer.staleness, quantity, 'Median staleness, local steps'),
  numeric('disagreement', 'Disagreement', peer => peer.disagreement, quantity, 'Root mean square, per parameter'),
  {
    key: 'exchanges',
    label: 'Exchanges',
    title: 'Exchanges that it began: came to pass, of all tried',
    sortBy: peer => peer.exchanges.tried,
    text: ({ exchanges }) => `${whole(exchanges.ok)}/${whole(exchanges.tried)}`,
  },
  numeric('training', 'Training', peer => peer.trainingShare, percent, 'Share of wall time in training steps'),
  numeric('shards', 'Shards', peer => peer.shards.length, whole, 'Shards hosted'),
  numeric('sent', 'Sent', peer => peer.bytesSent, bytes),
  numeric('memory', 'Memory', peer => peer.memory?.resident ?? null, bytes, 'Memory of its process'),
  { key: 'heard', label: 'Heard', sortBy: peer => peer.heardAt, text: (peer, now) => ago(peer.heardAt, now) },
]

/** "training", "silent, was training", "departed" */
export function stateWords(peer: PeerState): string {
  if (peer.presence === 'departed') return 'departed'
  const doing = peer.fraction === null ? peer.state : `${peer.state} ${percent(peer.fraction)}`
  return peer.presence === 'silent' ? `silent, was ${doing}` : doing
}

export interface Order {
  /** A column's key, or `name`. */
  readonly by: string
  readonly descending: boolean
}

/** Sorted; what is unknown comes last either way, equals stay in the order in which they appeared. */
export function sortPeers(peers: readonly PeerState[], order: Order): PeerState[] {
  const column = columns.find(({ key }) => key === order.by)
  const value = column ? column.sortBy : (peer: PeerState) => peer.name
  const sign = order.descending ? -1 : 1
  return peers.toSorted((a, b) => {
    const [x, y] = [value(a), value(b)]
    if (x === null || y === null) return Number(x === null) - Number(y === null)
    if (typeof x === 'number' && typeof y === 'number') return sign * (x - y)
    return sign * String(x).localeCompare(String(y), 'en', { numeric: true })
  })
}

/** Whether a search finds the peer: by name, id, backend or state. */
export function matches(peer: PeerState, search: string): boolean {
  const wanted = search.trim().toLowerCase()
  return [peer.name, peer.id, peer.backend ?? '', stateWords(peer)].some(text => text.toLowerCase().includes(wanted))
}

import type { Exchange } from '../api/exchange.ts'
import type { EdgeState, PeerState } from '../api/state.ts'
import { outcomeWords } from './curves/outcome-bars.ts'
import { ago, bytes, duration, loss, percent, plural, quantity, whole } from './format.ts'
import type { Facts } from './graph/hover-card.ts'
import { stateWords } from './lists/columns.ts'

/** What there is to say of a peer, in rows. */
export function peerFacts(peer: PeerState, now: number): Facts {
  const { exchanges } = peer
  return [
    ['State', stateWords(peer)],
    ['Backend', peer.backend ?? '–'],
    ['Step', whole(peer.step)],
    ['Loss', loss(peer.loss)],
    ['Validation', loss(peer.validationLoss)],
    ['Tokens per second', whole(peer.tokensPerSecond)],
    ['Staleness', quantity(peer.staleness)],
    ['Disagreement', quantity(peer.disagreement)],
    ['Exchanges', `${whole(exchanges.ok)} of ${whole(exchanges.tried)}`],
    ['Time training', percent(peer.trainingShare)],
    ['Shards hosted', whole(peer.shards.length)],
    ['Sent, received', `${bytes(peer.bytesSent)}, ${bytes(peer.bytesReceived)}`],
    ['Heard', ago(peer.heardAt, now)],
  ]
}

/** What there is to say of a connection: its latest exchange where that was seen, and all of them together. */
export function connectionFacts(edge: EdgeState, latest: Exchange | undefined, now: number): Facts {
  const lines: [string, string][] = [
    ['Round trip', duration(edge.roundTripMs)],
    ['Staleness', edge.staleness === null ? '–' : plural(edge.staleness, 'step')],
    ['Disagreement', quantity(edge.disagreement)],
    ['Exchanges', edge.failed === 0 ? whole(edge.ok) : `${whole(edge.ok)}, ${whole(edge.failed)} failed`],
    ['Bytes in all', bytes(edge.bytes)],
    ['Latest', ago(edge.lastAt, now)],
  ]
  if (latest) {
    lines.unshift(['Latest bytes', bytes(latest.bytes)])
    if (latest.outcome !== 'ok') lines.unshift(['Latest one', outcomeWords(latest.outcome)])
  }
  return lines
}

import { z } from 'zod'
import type { Random } from '../../core/random.ts'
import type { PeerId } from '../transport.ts'
import { parseInit } from './parse-init.ts'

/** How peers come and go. */
export const churnSchema = z.strictObject({
  /** Mean seconds for which a peer is up. */
  up: z.number().gt(0),
  /** Mean seconds for which it is down. */
  down: z.number().gt(0),
  /** Share of the peers that come and go, the last ones of the list; the others stay. @default 1 */
  share: z.number().min(0).max(1).default(1),
})

export type ChurnInit = z.input<typeof churnSchema>

interface ChurnEvent {
  /** Milliseconds of virtual time. */
  at: number
  peer: PeerId
  change: 'kill' | 'restart'
}

/**
 * When each peer is killed and started again: exponential up and down times, all peers up at time zero. In the order of
 * time. A peer is down for down / (up + down) of the time in the long run.
 * @param until milliseconds
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function churnSchedule(
  init: ChurnInit,
  peers: readonly PeerId[],
  until: number,
  random: Random,
): readonly ChurnEvent[] {
  const { up, down, share } = parseInit(churnSchema, init, 'churn')
  const events: ChurnEvent[] = []
  for (const peer of peers.slice(peers.length - Math.round(share * peers.length))) {
    const stream = random.fork(peer)
    const lasting = (meanSeconds: number) => -1000 * meanSeconds * Math.log(1 - stream.next())
    for (let at = lasting(up); at < until; at += lasting(up)) {
      events.push({ at, peer, change: 'kill' })
      at += lasting(down)
      if (at < until) events.push({ at, peer, change: 'restart' })
    }
  }
  return events.sort((a, b) => a.at - b.at)
}

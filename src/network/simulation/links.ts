import { z } from 'zod'
import type { Random } from '../../core/random.ts'
import { pairName } from '../local-transport.ts'
import type { PeerId } from '../transport.ts'
import { parseInit } from './parse-init.ts'
import { places } from './places.ts'

/** How peers are joined. */
export interface Links {
  /** Bytes a millisecond that all flows of a peer share, each way. */
  bandwidth(peer: PeerId): Bandwidth
  /** Bytes a millisecond that one flow between two peers never exceeds. */
  limit(from: PeerId, to: PeerId): number
  /** Milliseconds one way, before jitter. */
  latency(from: PeerId, to: PeerId): number
  /** Standard deviation of the logarithm of a factor of mean 1 on each message's latency. */
  readonly jitter: number
  /** Share of packets that are lost, in [0, 1). */
  readonly loss: number
  /** Where a peer is; the same for all where there are no regions. */
  region(peer: PeerId): number
}

interface Bandwidth {
  up: number
  down: number
}

const latency = z.number().min(0)
const bandwidth = z.number().gt(0)
/** From the least to the most. */
const span = (of: z.ZodNumber) =>
  z.tuple([of, of]).refine(([least, most]) => least <= most, 'Expected the lesser value first')
const quality = {
  /** Standard deviation of the logarithm of the latency. @default 0 */
  jitter: z.number().min(0).max(2).default(0),
  /** Share of packets that are lost. @default 0 */
  loss: z.number().min(0).max(0.5).default(0),
}

/** Of the swarm as a whole, and of pairs where they were told apart. Peers beyond the measured ones are the first ones again. */
const measured = z.strictObject({
  kind: z.literal('measured'),
  /** Peers that were measured. */
  peers: z.int().min(1),
  latency,
  bandwidth,
  pairs: z
    .array(z.strictObject({ between: z.tuple([z.int().min(0), z.int().min(0)]), latency, bandwidth }))
    .default([]),
  ...quality,
})

/** Latencies in milliseconds one way, bandwidths in megabits a second. */
export const linksSchema = z.discriminatedUnion('kind', [
  /** One switch: 0.2 ms, 1 Gb/s. */
  z.strictObject({ kind: z.literal('lan'), ...quality }),
  /** All alike. */
  z.strictObject({
    kind: z.literal('uniform'),
    latency: latency.default(50),
    up: bandwidth.default(100),
    down: bandwidth.default(100),
    ...quality,
  }),
  /** The internet: each pair's latency, each peer's bandwidth up and down, drawn lognormally between the bounds. */
  z.strictObject({
    kind: z.literal('wan'),
    latency: span(z.number().gt(0)).default([10, 200]),
    bandwidth: span(bandwidth).default([10, 1000]),
    ...quality,
    jitter: quality.jitter.default(0.1),
  }),
  /** Fast inside each region, slow between them. Peers are dealt out to the regions in turn. */
  z.strictObject({
    kind: z.literal('regions'),
    regions: z.int().min(1).default(4),
    inside: z.strictObject({ latency: latency.default(1), bandwidth: bandwidth.default(1000) }).prefault({}),
    /** The bandwidth is what one transfer gets at most. */
    between: z.strictObject({ latency: latency.default(80), bandwidth: bandwidth.default(100) }).prefault({}),
    ...quality,
  }),
  measured,
])

export type MeasuredLinks = z.output<typeof measured>
export type LinksInit = z.input<typeof linksSchema>

/** Bytes a millisecond. */
const MEGABIT = 125

/**
 * @param peers in the order in which regions and measured links are dealt out; others follow as they appear
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function createLinks(init: LinksInit, peers: readonly PeerId[], random: Random): Links {
  const given = parseInit(linksSchema, init, 'links')
  const { jitter, loss } = given
  switch (given.kind) {
    case 'lan':
      return alike({ latency: 0.2, up: 1000, down: 1000, jitter, loss })
    case 'uniform':
      return alike(given)
    case 'wan':
      return {
        bandwidth: peer => ({
          up:
            MEGABIT *
            random
              .fork('up')
              .fork(peer)
              .lognormal(...given.bandwidth),
          down:
            MEGABIT *
            random
              .fork('down')
              .fork(peer)
              .lognormal(...given.bandwidth),
        }),
        limit: () => Infinity,
        latency: drawnOnce((a, b) =>
          random
            .fork('latency')
            .fork(pairName(a, b))
            .lognormal(...given.latency),
        ),
        jitter,
        loss,
        region: () => 0,
      }
    case 'regions': {
      const placeOf = places(peers)
      const region = (peer: PeerId) => placeOf(peer) % given.regions
      const way = (a: PeerId, b: PeerId) => (region(a) === region(b) ? given.inside : given.between)
      return {
        bandwidth: () => ({ up: MEGABIT * given.inside.bandwidth, down: MEGABIT * given.inside.bandwidth }),
        limit: (a, b) => MEGABIT * way(a, b).bandwidth,
        latency: (a, b) => way(a, b).latency,
        jitter,
        loss,
        region,
      }
    }
    case 'measured': {
      const placeOf = places(peers)
      const key = (a: number, b: number) => `${Math.min(a, b)} ${Math.max(a, b)}`
      const pairs = new Map(given.pairs.map(pair => [key(...pair.between), pair]))
      const between = (a: PeerId, b: PeerId) =>
        pairs.get(key(placeOf(a) % given.peers, placeOf(b) % given.peers)) ?? given
      const fastest = MEGABIT * Math.max(given.bandwidth, ...given.pairs.map(pair => pair.bandwidth))
      return {
        bandwidth: () => ({ up: fastest, down: fastest }),
        limit: (a, b) => MEGABIT * between(a, b).bandwidth,
        latency: (a, b) => between(a, b).latency,
        jitter,
        loss,
        region: () => 0,
      }
    }
  }
}

/** What was drawn for a pair and a way, kept: it is asked for at every message. */
function drawnOnce(draw: (from: PeerId, to: PeerId) => number): (from: PeerId, to: PeerId) => number {
  const drawn = new Map<PeerId, Map<PeerId, number>>()
  return (from, to) => {
    const known = drawn.get(from)
    const value = known?.get(to) ?? draw(from, to)
    if (known) known.set(to, value)
    else drawn.set(from, new Map([[to, value]]))
    return value
  }
}

function alike(given: { latency: number; up: number; down: number; jitter: number; loss: number }): Links {
  const bandwidth = { up: MEGABIT * given.up, down: MEGABIT * given.down }
  return {
    bandwidth: () => bandwidth,
    limit: () => Infinity,
    latency: () => given.latency,
    jitter: given.jitter,
    loss: given.loss,
    region: () => 0,
  }
}

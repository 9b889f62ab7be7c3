import { invalidOption } from '../../core/invalid-option.ts'
import { addScaled } from '../../core/vector.ts'
import type { PeerId } from '../../network/transport.ts'
import type { AveragerFactory } from '../averager.ts'
import type { CodecId } from '../compression/codecs.ts'
import { createDeltaCodec } from '../compression/delta-codecs.ts'
import { encodeOnce, type WireFormat, wireFormat } from '../compression/wire-format.ts'
import type { Meeting } from '../rounds/meeting.ts'
import { addDifference } from '../rounds/neighbours.ts'
import { createTopology } from '../topology/topologies.ts'
import type { Neighbour } from '../topology/topology.ts'
import type { LocalSgdInit } from './local-sgd.ts'
import { publicCopies } from './public-copies.ts'
import { type Allocate, type Mixing, synchronousAverager } from './synchronous.ts'

export interface ChocoInit extends LocalSgdInit {
  /** Local steps between two mixings. Must be an integer >= 1. @default 1 */
  every?: number
  /** How the values that are sent travel. @default 'int8' */
  codec?: CodecId
  /** Who mixes with whom: a graph that stays. @default 'ring' */
  topology?: 'ring' | 'star' | 'complete'
  /** Which values of a difference are sent. @default 'top-k' */
  compressor?: 'top-k' | 'random-k'
  /** Share of the values that is sent. Must be in (0, 1]. @default 0.01 */
  fraction?: number
  /** Consensus step size. Must be in (0, 1]; of the order of `fraction`, beyond it diverges. @default 0.02 */
  gamma?: number
}

/**
 * CHOCO-SGD (Koloskova et al. 2019, arXiv:1902.00340): each peer keeps a public copy x^ of its parameters, which its neighbours
 * have too, and sends but the compressed difference. q = C(x - x^); x^ += q; x += gamma sum_j W_ij (x^_j - x^). Whatever C
 * leaves out stays in the next difference, and the sum over the peers is preserved. Waits for its neighbours alone.
 *
 * Copies begin with the parameters with which training begins, and are sent in full, once, to a neighbour that has not got
 * the last one: new, or back from a round that failed (`public-copies.ts`). Keeps 4 vectors and one for each neighbour.
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function choco(init: ChocoInit = {}): AveragerFactory {
  const { every = 1, codec = 'int8', timeout = 120, topology: kind = 'ring' } = init
  const { compressor = 'top-k', fraction = 0.01, gamma = 0.02 } = init
  if (!(gamma > 0 && gamma <= 1)) throw invalidOption('gamma', 'a number > 0 and <= 1', gamma)
  createDeltaCodec({ codec: 'top-k', fraction }) // checks the fraction
  const topology = createTopology({ kind })
  return components => {
    const formatOf = (sender: PeerId, round: number): WireFormat => ({
      name: `${compressor} ${fraction} ${codec}`,
      encoding: createDeltaCodec({
        codec: compressor,
        fraction,
        values: codec,
        seed: `${components.run} ${sender} ${round}`,
      }),
    })
    return synchronousAverager(components, { every, timeout }, allocate =>
      chocoMixing(allocate, {
        neighboursOf: ({ members, self, round }) => topology.sources(members, self, round),
        formatOf,
        gamma,
        incarnation: Math.floor(components.clock.date()),
      }),
    )
  }
}

interface ChocoMixing {
  neighboursOf(meeting: Meeting): Neighbour[]
  /** Of the differences that `sender` sends in this round. */
  formatOf(sender: PeerId, round: number): WireFormat
  gamma: number
  /** Tells this peer's life from an earlier one. */
  incarnation: number
}

function chocoMixing(allocate: Allocate, { neighboursOf, formatOf, gamma, incarnation }: ChocoMixing): Mixing {
  const exact = wireFormat('float32')
  const own = allocate()
  const next = allocate()
  const difference = allocate()
  const received = allocate()
  const copies = publicCopies(allocate)
  let version = { incarnation, round: 0 }
  let staged = 0

  async function receiveDifferences(meeting: Meeting, neighbours: readonly Neighbour[]) {
    const missing: PeerId[] = []
    const lacking: PeerId[] = []
    for (const { peer } of neighbours) {
      const notes = await meeting.receive(peer, 'difference', received, formatOf(peer, meeting.round))
      const { upToDate, lacks } = copies.advance(peer, meeting.round, received, notes, version)
      if (!upToDate) missing.push(peer)
      if (lacks) lacking.push(peer)
    }
    return { missing, lacking }
  }

  async function receiveCopies(meeting: Meeting, missing: readonly PeerId[]): Promise<void> {
    for (const peer of missing) {
      await meeting.receive(peer, 'copy', received, exact)
      copies.complete(peer, received)
    }
  }

  return {
    begin: values => own.set(values),
    async mix(meeting, values) {
      const { round, self } = meeting
      const neighbours = neighboursOf(meeting)
      copies.retain(neighbours.map(({ peer }) => peer))
      for (let i = 0; i < values.length; i++) difference[i] = values[i]! - own[i]!
      const format = encodeOnce(formatOf(self, round), difference, difference)
      next.set(own)
      addScaled(next, difference, 1)

      const sending = neighbours.map(({ peer }) =>
        meeting.send(peer, 'difference', difference, format, copies.notesFor(peer, version)),
      )
      const receiving = receiveDifferences(meeting, neighbours)
      await meeting.all([receiving, ...sending])
      const { missing, lacking } = await receiving
      await meeting.all([
        receiveCopies(meeting, missing),
        ...lacking.map(peer => meeting.send(peer, 'copy', own, exact)),
      ])
      for (const { peer, weight } of neighbours) addDifference(values, copies.of(peer), next, gamma * weight)
      staged = round
    },
    commit() {
      own.set(next)
      version = { incarnation, round: staged }
    },
  }
}

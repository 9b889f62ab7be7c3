import { invalidOption } from '../../core/invalid-option.ts'
import { type Random, random } from '../../core/random.ts'
import type { Grouping, Sharing } from './mixing.ts'
import type { Topology } from './topology.ts'

export interface MixingSimulationInit {
  topology: Topology
  members: readonly string[]
  /** Values of a vector: standard normal at the start. Must be an integer >= 1. */
  dimension: number
  rounds: number
  /**
   * Probability that something fails, independently: an exchange of a pair or over an edge, which then changes nothing
   * on either side; a peer of a larger group, which is then left out; a message over a directed edge, whose share then
   * stays with its sender. Must be in [0, 1). @default 0
   */
  failure?: number
  /** Of start and failures. @default 0 */
  seed?: string | number
}

/**
 * Mixing alone, no training and no network, in double precision: the consensus distance, Xi = (1/n) sum ||x_i - mean||^2,
 * at the start and after each round. Over a directed graph peers carry push-sum weights, and x_i is the ratio.
 * @throws MurmurError `TOPOLOGY_IMPOSSIBLE`, `SPECIFICATION_INVALID`
 */
export function simulateMixing(init: MixingSimulationInit): Float64Array {
  const { topology, members, dimension, rounds, failure = 0, seed = 0 } = init
  if (!(failure >= 0 && failure < 1)) throw invalidOption('failure', 'a probability below 1', failure)
  const stream = random(seed)
  const start = stream.fork('start')
  const swarm: Swarm = {
    dimension,
    values: Float64Array.from({ length: members.length * dimension }, () => start.normal()),
    masses: new Float64Array(members.length).fill(1),
    failures: stream.fork('failures'),
    failure,
  }
  const mean = meanOf(swarm)
  const distances = new Float64Array(rounds + 1)
  distances[0] = distanceOf(swarm, mean)
  for (let round = 0; round < rounds; round++) {
    const mixing = topology.mixing(members, round)
    if ('groups' in mixing) averageGroups(swarm, mixing)
    else if (topology.directed) send(swarm, mixing)
    else exchange(swarm, mixing)
    distances[round + 1] = distanceOf(swarm, mean)
  }
  return distances
}

interface Swarm {
  dimension: number
  /** Of one peer after the other. */
  values: Float64Array
  /** Push-sum weight of each peer; 1 unless the graph is directed. */
  masses: Float64Array
  failures: Random
  failure: number
}

function fails({ failure, failures }: Swarm): boolean {
  return failure > 0 && failures.next() < failure
}

function averageGroups(swarm: Swarm, { groups, indivisible }: Grouping): void {
  const { values, dimension } = swarm
  for (const group of groups) {
    const present = group.length === 2 ? (fails(swarm) ? [] : group) : group.filter(() => !fails(swarm))
    if (indivisible && present.length < group.length) continue
    for (let k = 0; k < dimension; k++) {
      let sum = 0
      for (const rank of present) sum += values[rank * dimension + k]!
      for (const rank of present) values[rank * dimension + k] = sum / present.length
    }
  }
}

/** Both ends of an edge change by the same, with opposite signs. */
function exchange(swarm: Swarm, { shares }: Sharing): void {
  const { dimension, values: before } = swarm
  const after = before.slice()
  for (const [rank, edges] of shares.entries()) {
    for (const { to, weight } of edges) {
      if (to < rank || fails(swarm)) continue
      for (let k = 0; k < dimension; k++) {
        const delta = weight * (before[to * dimension + k]! - before[rank * dimension + k]!)
        after[rank * dimension + k]! += delta
        after[to * dimension + k]! -= delta
      }
    }
  }
  swarm.values = after
}

/** Push-sum (Kempe, Dobra and Gehrke 2003; Assran et al. 2019, arXiv:1811.10792). */
function send(swarm: Swarm, { shares }: Sharing): void {
  const { dimension, values: before, masses: massesBefore } = swarm
  const after = before.slice()
  const masses = massesBefore.slice()
  for (const [rank, edges] of shares.entries()) {
    for (const { to, weight } of edges) {
      if (fails(swarm)) continue
      masses[rank]! -= weight * massesBefore[rank]!
      masses[to]! += weight * massesBefore[rank]!
      for (let k = 0; k < dimension; k++) {
        const share = weight * before[rank * dimension + k]!
        after[rank * dimension + k]! -= share
        after[to * dimension + k]! += share
      }
    }
  }
  swarm.values = after
  swarm.masses = masses
}

function meanOf({ dimension, values, masses }: Swarm): Float64Array {
  const mean = new Float64Array(dimension)
  for (const [i, value] of values.entries()) mean[i % dimension]! += value / masses.length
  return mean
}

function distanceOf({ dimension, values, masses }: Swarm, mean: Float64Array): number {
  let sum = 0
  for (const [rank, mass] of masses.entries()) {
    for (let k = 0; k < dimension; k++) sum += (values[rank * dimension + k]! / mass - mean[k]!) ** 2
  }
  return sum / masses.length
}

import type { WireFormat } from '../compression/wire-format.ts'
import { decodeAsReceived } from '../compression/wire-format.ts'
import type { Topology } from '../topology/topology.ts'
import type { Meeting } from './meeting.ts'

/** Vectors as long as the parameters. */
interface Scratch {
  own: Float32Array
  received: Float32Array
}

/**
 * One round of mixing over a topology, x_i <- x_i + sum_j W_ij (Q(x_j) - Q(x_i)), in place: for an exact encoding Q that is
 * x_i <- sum_j W_ij x_j. W is doubly stochastic, so that the sum over the peers is preserved whatever Q loses; and peers that
 * agree stay as they are to the bit. Waits for those alone whose values this peer takes, and sends each of those who take
 * its own one vector.
 * @throws MurmurError `TOPOLOGY_IMPOSSIBLE` for this number of members
 */
export async function mixWithNeighbours(
  meeting: Meeting,
  topology: Topology,
  values: Float32Array,
  { own, received }: Scratch,
  format: WireFormat,
): Promise<void> {
  const { members, self, round } = meeting
  const sources = topology.sources(members, self, round)
  const targets = topology.targets(members, self, round)
  decodeAsReceived(format, values, own)
  await meeting.all([...targets.map(({ peer }) => meeting.send(peer, 'values', own, format)), receiveAll()])

  /** One after the other: the letters of the others wait in their streams. */
  async function receiveAll(): Promise<void> {
    for (const { peer, weight } of sources) {
      await meeting.receive(peer, 'values', received, format)
      addDifference(values, received, own, weight)
    }
  }
}

/** target += weight (a - b): 0 to the bit where a = b. */
export function addDifference(
  target: Float32Array | Float64Array,
  a: Float32Array,
  b: Float32Array,
  weight: number,
): void {
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + weight * (a[i]! - b[i]!)
}

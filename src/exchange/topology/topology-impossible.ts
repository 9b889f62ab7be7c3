import { MurmurError } from '../../core/errors.ts'

/** A topology that cannot be had for this number of peers, or is of another form than the algorithm needs. */
export function topologyImpossible(topology: string, problem: string, peers: number): MurmurError {
  return new MurmurError({
    code: 'TOPOLOGY_IMPOSSIBLE',
    message: `${topology} ${problem}`,
    details: { topology, peers },
  })
}

/** What the graph draws: the swarm at one moment, free of where the numbers came from. */
export interface Picture {
  readonly peers: readonly PicturedPeer[]
  readonly connections: readonly PicturedConnection[]
  /** Names of all shards of the run, in order: what a full ring stands for. */
  readonly shards: readonly string[]
}

interface PicturedPeer {
  readonly id: string
  readonly name: string
  /** Tokens per second; null where unknown. Gives the node its size. */
  readonly throughput: number | null
  readonly presence: 'live' | 'silent'
  /** What the node's colour and fill level say; null where unknown. */
  readonly value: number | null
  /** Written under the name where there is room. */
  readonly caption: string
  readonly shards: readonly string[]
  /** Such as `cpu`; empty where unknown. */
  readonly backend: string
}

/** Between two peers, whichever of them dialled. */
export interface PicturedConnection {
  /** `connectionKey` of both. */
  readonly key: string
  readonly a: string
  readonly b: string
  /** Share of the busiest connection's traffic, in [0, 1]. */
  readonly weight: number
}

/** One connection's name, the same from both ends. */
export function connectionKey(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

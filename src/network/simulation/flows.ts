import type { VirtualTime } from '../../core/virtual-time.ts'
import type { PeerId } from '../transport.ts'
import type { Links } from './links.ts'

/** One transfer under way. */
export interface Flow {
  /** More bytes for the transfer, which must not have ended. */
  extend(bytes: number): void
  /** Ends the transfer early; `done` is not called. */
  stop(): void
}

/**
 * Bandwidth shared by active flows: a flow from i to j moves at min(up_i / flows out of i, down_j / flows into j, limit
 * of the pair), looked at anew whenever a flow begins or ends at i or j. What a flow cannot use, because its other end is
 * the narrower one, is not given to its neighbours: less than max-min fairness gives, and far cheaper.
 */
export interface Flows {
  /** Moves bytes from one peer to another; calls `done` when the last one has left. */
  start(from: PeerId, to: PeerId, bytes: number, done: () => void): Flow
  /** Bytes a millisecond that one more flow would get. */
  share(from: PeerId, to: PeerId): number
}

export function createFlows(time: VirtualTime, links: Links): Flows {
  return new SharedBandwidth(time, links)
}

interface Port {
  /** Bytes a millisecond. */
  readonly bandwidth: number
  readonly flows: Set<ActiveFlow>
}

class SharedBandwidth implements Flows {
  readonly #time: VirtualTime
  readonly #links: Links
  readonly #out = new Map<PeerId, Port>()
  readonly #in = new Map<PeerId, Port>()

  constructor(time: VirtualTime, links: Links) {
    this.#time = time
    this.#links = links
  }

  start(from: PeerId, to: PeerId, bytes: number, done: () => void): Flow {
    const { out, into } = this.#ports(from, to)
    const flow = new ActiveFlow(this.#time, out, into, this.#links.limit(from, to), bytes, done)
    flow.begin()
    return flow
  }

  share(from: PeerId, to: PeerId): number {
    const { out, into } = this.#ports(from, to)
    const [sending, receiving] = [out.flows.size + 1, into.flows.size + 1]
    return Math.min(out.bandwidth / sending, into.bandwidth / receiving, this.#links.limit(from, to))
  }

  #ports(from: PeerId, to: PeerId): { out: Port; into: Port } {
    return { out: this.#port(this.#out, from, 'up'), into: this.#port(this.#in, to, 'down') }
  }

  #port(ports: Map<PeerId, Port>, peer: PeerId, way: 'up' | 'down'): Port {
    const known = ports.get(peer)
    if (known) return known
    const port = { bandwidth: this.#links.bandwidth(peer)[way], flows: new Set<ActiveFlow>() }
    ports.set(peer, port)
    return port
  }
}

class ActiveFlow implements Flow {
  readonly #time: VirtualTime
  readonly #out: Port
  readonly #into: Port
  readonly #limit: number
  readonly #done: () => void
  /** Bytes left at `#since`. */
  #left: number
  #since: number
  #rate = 0
  #cancel = () => {}

  constructor(time: VirtualTime, out: Port, into: Port, limit: number, bytes: number, done: () => void) {
    this.#time = time
    this.#out = out
    this.#into = into
    this.#limit = limit
    this.#left = bytes
    this.#since = time.now()
    this.#done = done
  }

  begin(): void {
    this.#out.flows.add(this)
    this.#into.flows.add(this)
    this.#share()
  }

  extend(bytes: number): void {
    this.#progress()
    this.#left += bytes
    this.#plan()
  }

  stop(): void {
    this.#cancel()
    this.#out.flows.delete(this)
    this.#into.flows.delete(this)
    this.#share()
  }

  /** Everybody's part anew, after a flow began or ended. */
  #share(): void {
    for (const flow of this.#out.flows) flow.#adjust()
    for (const flow of this.#into.flows) if (flow.#out !== this.#out) flow.#adjust()
  }

  #adjust(): void {
    const rate = Math.min(
      this.#out.bandwidth / this.#out.flows.size,
      this.#into.bandwidth / this.#into.flows.size,
      this.#limit,
    )
    if (rate === this.#rate) return
    this.#progress()
    this.#rate = rate
    this.#plan()
  }

  #progress(): void {
    const now = this.#time.now()
    this.#left = Math.max(0, this.#left - this.#rate * (now - this.#since))
    this.#since = now
  }

  #plan(): void {
    this.#cancel()
    this.#cancel = this.#time.schedule(this.#since + this.#left / this.#rate, () => {
      // Whoever has more to send extends the flow here, and nobody's part changes.
      this.#left = 0
      this.#since = this.#time.now()
      this.#cancel = () => {}
      this.#done()
    })
  }
}

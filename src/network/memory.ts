import type { Wire } from './local-stream.ts'
import { LocalTransport, type Medium, type Published, pairName } from './local-transport.ts'
import type { PeerId, Transport } from './transport.ts'

/**
 * A network within one process: delivery is asynchronous and bounded, published messages travel from neighbour to
 * neighbour, errors are those of the real mesh. What a test does to it is done through the faults.
 */
export interface MemoryNetwork {
  /** A new peer of this network. Its address is `/memory/<id>`. */
  transport(id: PeerId): Transport
  /** Breaks every stream and the connection between two peers; they cannot reach each other until `mend`. */
  cut(a: PeerId, b: PeerId): void
  mend(a: PeerId, b: PeerId): void
  /** Ends a peer without a goodbye, as SIGKILL would, after it sent `afterBytes` more bytes over streams. @default 0 */
  kill(id: PeerId, afterBytes?: number): void
  /** Loses published messages on the way from one neighbour to the next where the predicate says so. */
  dropPublished(lost: (from: PeerId, to: PeerId, topic: string) => boolean): void
}

export function memoryNetwork(): MemoryNetwork {
  return new Network()
}

class Network implements MemoryNetwork, Medium {
  readonly name = 'memory'
  readonly #transports = new Map<PeerId, LocalTransport>()
  readonly #cuts = new Set<string>()
  readonly #doomed = new Map<PeerId, number>()
  /** Whom each message under way has reached. */
  readonly #seen = new WeakMap<Published, Set<PeerId>>()
  #lost: (from: PeerId, to: PeerId, topic: string) => boolean = () => false

  transport(id: PeerId): Transport {
    const transport = new LocalTransport(id, this)
    this.#transports.set(id, transport)
    return transport
  }

  cut(a: PeerId, b: PeerId): void {
    this.#cuts.add(pairName(a, b))
    this.#transports.get(a)?.disconnect(b, 'was cut')
    this.#transports.get(b)?.disconnect(a, 'was cut')
  }

  mend(a: PeerId, b: PeerId): void {
    this.#cuts.delete(pairName(a, b))
  }

  kill(id: PeerId, afterBytes = 0): void {
    this.#doomed.set(id, afterBytes)
    this.#sent(id, 0)
  }

  dropPublished(lost: (from: PeerId, to: PeerId, topic: string) => boolean): void {
    this.#lost = lost
  }

  reach(from: PeerId, to: PeerId): LocalTransport | undefined {
    const transport = this.#transports.get(to)
    return transport?.running && !this.#cuts.has(pairName(from, to)) ? transport : undefined
  }

  introduces(): boolean {
    return false
  }

  async travel(): Promise<void> {}

  async shakeHands(): Promise<void> {
    await new Promise(setImmediate)
  }

  sayGoodbye(_from: PeerId, _to: PeerId, arrive: () => void): void {
    arrive()
  }

  wire(from: PeerId): Wire {
    return {
      buffer: 0,
      carry: (bytes, arrive) =>
        this.soon(() => {
          this.#sent(from, bytes)
          arrive()
        }),
      carryEnd: arrive => this.soon(arrive),
      drop: () => {},
      carryReset: arrive => arrive(),
    }
  }

  soon(task: () => void): void {
    setImmediate(task)
  }

  started(): void {}

  stopped(): void {}

  connected(): void {}

  disconnected(): void {}

  relay(via: LocalTransport, message: Published): void {
    const seen = this.#seen.get(message) ?? new Set([message.from])
    this.#seen.set(message, seen)
    for (const to of via.connected()) {
      this.soon(() => {
        if (seen.has(to) || this.#lost(via.id, to, message.topic)) return
        const transport = this.reach(via.id, to)
        const verdict = transport?.hear(message)
        if (verdict) seen.add(to)
        if (transport && verdict === 'accept') this.relay(transport, message)
      })
    }
  }

  #sent(id: PeerId, bytes: number): void {
    const left = this.#doomed.get(id)
    if (left === undefined) return
    this.#doomed.set(id, left - bytes)
    if (left - bytes <= 0) this.#transports.get(id)?.end('was killed')
  }
}

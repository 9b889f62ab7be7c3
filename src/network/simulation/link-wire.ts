import type { VirtualTime } from '../../core/virtual-time.ts'
import type { Wire } from '../local-stream.ts'
import type { PeerId } from '../transport.ts'
import type { Flow, Flows } from './flows.ts'

/** What a direction of a stream needs to know of its network. */
export interface LinkComponents {
  readonly time: VirtualTime
  readonly flows: Flows
  /** Milliseconds that bytes which have left take to arrive, drawn anew for each call. */
  flight(from: PeerId, to: PeerId, bytes: number): number
  /** Bytes that a peer may still send before it dies. */
  allowance(from: PeerId): number
  sent(from: PeerId, to: PeerId, bytes: number): void
  received(by: PeerId, bytes: number): void
}

/** Bytes of a stream that may be under way, as yamux's window grows to that of a long fast link. */
const BUFFER_BYTES = 4 * 1024 * 1024

/** Bytes that leave and arrive as one: a large transfer costs two events for each. */
const BATCH_BYTES = 256 * 1024

/** What fits in one packet takes its time, but no part of the bandwidth from others. */
const PACKET_BYTES = 1460

interface Parcel {
  bytes: number
  arrive: () => void
}

/** One direction of a stream over a modelled link: bytes leave at the rate of a flow and arrive in order, later. */
export class LinkWire implements Wire {
  readonly buffer = BUFFER_BYTES
  readonly #c: LinkComponents
  readonly #from: PeerId
  readonly #to: PeerId
  /** Waiting to leave. */
  #queue: Parcel[] = []
  /** Leaving. */
  #batch: Parcel[] = []
  #batchBytes = 0
  #batchBegan = 0
  #flow: Flow | undefined
  /** When everything that has left will have arrived. */
  #lastArrival = 0

  constructor(components: LinkComponents, from: PeerId, to: PeerId) {
    this.#c = components
    this.#from = from
    this.#to = to
  }

  carry(bytes: number, arrive: () => void): void {
    const parcel = { bytes, arrive }
    if (this.#flow) {
      this.#queue.push(parcel)
      if (this.#batchBegan === this.#c.time.now()) this.#flow.extend(this.#fillBatch())
    } else if (bytes <= PACKET_BYTES) {
      this.#sendPacket(parcel)
    } else {
      this.#queue.push(parcel)
      this.#flow = this.#c.flows.start(this.#from, this.#to, this.#fillBatch(), () => this.#batchLeft())
    }
  }

  carryEnd(arrive: () => void): void {
    if (this.#flow) this.#queue.push({ bytes: 0, arrive })
    else this.#arriveAfter(0, 0, arrive)
  }

  drop(): void {
    this.#queue = []
    this.#batch = []
    this.#flow?.stop()
    this.#flow = undefined
  }

  carryReset(arrive: () => void): void {
    this.#arriveAfter(0, 0, arrive)
  }

  #sendPacket({ bytes, arrive }: Parcel): void {
    const dies = bytes >= this.#c.allowance(this.#from)
    if (!dies) this.#arriveAfter(bytes / this.#c.flows.share(this.#from, this.#to), bytes, arrive)
    this.#c.sent(this.#from, this.#to, bytes)
  }

  /** Moves what fits from the queue to the batch. Returns the bytes added, fewer if the peer dies within them. */
  #fillBatch(): number {
    this.#batchBegan = this.#c.time.now()
    const before = this.#batchBytes
    const most = Math.min(BATCH_BYTES, this.#c.allowance(this.#from))
    while (this.#queue.length > 0 && this.#batchBytes < most) {
      const parcel = this.#queue.shift()!
      this.#batch.push(parcel)
      this.#batchBytes += parcel.bytes
    }
    return Math.max(0, Math.min(this.#batchBytes, this.#c.allowance(this.#from)) - before)
  }

  #batchLeft(): void {
    const [batch, bytes] = [this.#batch, this.#batchBytes]
    this.#batch = []
    this.#batchBytes = 0
    const dies = bytes >= this.#c.allowance(this.#from)
    if (!dies) {
      this.#arriveAfter(0, bytes, () => {
        for (const parcel of batch) parcel.arrive()
      })
    }
    if (dies || this.#queue.length === 0) {
      this.#flow?.stop()
      this.#flow = undefined
    }
    this.#c.sent(this.#from, this.#to, bytes)
    this.#flow?.extend(this.#fillBatch())
  }

  #arriveAfter(ms: number, bytes: number, arrive: () => void): void {
    const { time } = this.#c
    const at = time.now() + ms + this.#c.flight(this.#from, this.#to, bytes)
    this.#lastArrival = Math.max(this.#lastArrival, at)
    time.schedule(this.#lastArrival, () => {
      this.#c.received(this.#to, bytes)
      arrive()
    })
  }
}

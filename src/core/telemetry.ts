/**
 * What a peer tells of itself, as typed events. A peer writes them to events.jsonl; the progress view, the demo's
 * summary and the dashboard read the same stream.
 */
export type TelemetryEvent =
  | StepEvent
  | ExchangeEvent
  | MembershipEvent
  | StateEvent
  | CheckpointEvent
  | EvaluationEvent
  | WarningEvent
  | TrainerEvent
  | MemoryEvent

export interface StepEvent {
  type: 'step'
  /** Local steps finished. */
  step: number
  /** Mean loss of the batch, nats per token. */
  loss: number
  /** Tokens trained on so far, by this peer. */
  tokens: number
  /** Learning rate of this step. */
  learningRate: number
  /** Euclidean norm of the gradient before clipping. */
  gradientNorm: number
  /** Milliseconds this step took, its batch and its optimizer update included. */
  stepMs: number
  /** Milliseconds since the previous step ended: steps, snapshots, deltas and waiting. */
  wallMs: number
}

export interface ExchangeEvent {
  type: 'exchange'
  role: 'initiator' | 'responder'
  /** The same on both sides. */
  id: string
  /** `EVERYBODY` for what is published to all: then the receivers know how stale it was, and how far off. */
  partner: string
  shard: string
  outcome: 'ok' | ExchangeFailure
  /** Local steps this peer made between its own snapshot and the delta's application to it. */
  staleness: number
  /** Weight both sides gave the delta, in [0, 1]. */
  weight: number
  /** Root mean square of (partner's - own) parameters over the shard. */
  distance: number
  /** Bytes of this exchange sent by this peer, headers included. */
  bytesSent: number
  bytesReceived: number
  /** Milliseconds from start to end. */
  ms: number
}

/** The partner of who publishes to all. */
export const EVERYBODY = '*'

/** Why an exchange changed nothing. Counted, never thrown at the user. */
export type ExchangeFailure =
  | 'no-partner' // nobody else hosts the shard
  | 'busy' // the partner's queue is full
  | 'unreachable' // no stream could be opened
  | 'timed-out' // the deadline passed
  | 'broken' // the stream ended in the middle
  | 'invalid' // a message failed its schema or size check
  | 'not-finite' // NaN or infinity in the values
  | 'too-stale' // the staleness policy refused it
  | 'mismatch' // another run, shard or layout
  | 'cancelled' // this peer is stopping

export interface MembershipEvent {
  type: 'membership'
  change: 'joined' | 'left' | 'lost'
  peer: string
  /** Live peers after the change, this one included. */
  live: number
}

export interface StateEvent {
  type: 'state'
  state: 'starting' | 'connecting' | 'fetching' | 'training' | 'lingering' | 'stopping' | 'stopped'
  detail?: string
  /** How much is done of what the detail says, in [0, 1], where that is known. */
  fraction?: number
}

export interface CheckpointEvent {
  type: 'checkpoint'
  step: number
  path: string
  bytes: number
  ms: number
}

export interface EvaluationEvent {
  type: 'evaluation'
  step: number
  /** Mean validation loss, nats per token. */
  loss: number
  /** The model's metrics by name, means too; absent from records that an older version wrote. */
  metrics?: Readonly<Record<string, number>>
  tokens: number
}

export interface WarningEvent {
  type: 'warning'
  /** Stable name, for counting. */
  reason: string
  message: string
}

/** What a peer trains with, once it knows. */
export interface TrainerEvent {
  type: 'trainer'
  /** Such as `onnx-cpu`. */
  backend: string
  threads: number
  /** Of the model. */
  parameters: number
  tokensPerStep: number
  /** Names of the shards it hosts. */
  shards: readonly string[]
}

/** Memory, now and then. */
export interface MemoryEvent {
  type: 'memory'
  /** Bytes of this process. */
  resident: number
  /** Bytes the process could have: those of its container, else of the machine. */
  limit: number
  /** Of the limit, bytes that are still to be had. */
  available: number
}

/** A recorded event: when (milliseconds since the Unix epoch) and by which peer. */
export type Recorded<E extends TelemetryEvent = TelemetryEvent> = E & { time: number; by: string }

export interface Telemetry {
  record(event: TelemetryEvent): void
}

export const silentTelemetry: Telemetry = { record: () => {} }

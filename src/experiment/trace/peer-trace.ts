import { MurmurError } from '../../core/errors.ts'
import { median } from '../../core/median.ts'
import type { ExchangeEvent, Recorded, StepEvent } from '../../core/telemetry.ts'
import { readEvents } from '../../peer/records/read-events.ts'

/** What a replay takes from one peer's events. */
export interface PeerTrace {
  /** The peer's id. */
  readonly peer: string
  /** When it began to train, in milliseconds since the Unix epoch. */
  readonly began: number
  /** Milliseconds of each step: see `duration`. */
  readonly steps: readonly number[]
  readonly exchanges: readonly ObservedExchange[]
}

/** An exchange that came to pass, as its initiator saw it; or a round that all peers held. */
export interface ObservedExchange {
  /** The same on all sides. */
  readonly id: string
  readonly kind: 'pairwise' | 'round'
  /** Undefined of a round: several were met. */
  readonly partner: string | undefined
  readonly bytes: number
  readonly ms: number
}

/** Share of a log's lines that may be damaged: a crash leaves half a line. */
const TOLERATED_DAMAGE = 0.01
/** How the ids of rounds begin, in which a peer met several others at once. */
const ROUND = 'round-'
/** Least milliseconds of a step: clocks are coarse. */
const LEAST_MS = 0.001

/**
 * Reads one peer's events.jsonl.
 * @throws MurmurError `RECORD_INVALID` if it tells of no step or is damaged, `STORAGE_FAILED`; the signal's reason
 */
export async function readPeerTrace(path: string, signal?: AbortSignal): Promise<PeerTrace> {
  const reader = readEvents(path, signal)
  const collector = new Collector()
  let events = 0
  for await (const event of reader) {
    events += 1
    collector.add(event)
  }
  if (reader.damaged > Math.max(1, TOLERATED_DAMAGE * events)) {
    throw unusable(path, `${reader.damaged} of ${events + reader.damaged} lines are no events`)
  }
  const trace = collector.trace()
  if (!trace) throw unusable(path, 'it tells of no training step')
  return trace
}

export function unusable(path: string, why: string): MurmurError {
  return new MurmurError({
    code: 'RECORD_INVALID',
    message: `Could not replay ${path}: ${why}; expected the events.jsonl of a peer, or a folder of such peers`,
    details: { path },
  })
}

/** What lay between the ends of two steps. Milliseconds. */
interface Gap {
  step: number
  /** Neither in the step nor in rounds. */
  pause: number
  /** A model was evaluated in the pause. */
  evaluated: boolean
}

class Collector {
  readonly #gaps: Gap[] = []
  readonly #exchanges: ObservedExchange[] = []
  /** The rounds since the last step, each with its bytes to all partners. */
  readonly #rounds = new Map<string, { bytes: number; ms: number }>()
  #peer: string | undefined
  #began: number | undefined
  #evaluated = false

  add(event: Recorded): void {
    this.#peer ??= event.by
    if (event.type === 'state' && event.state === 'training') this.#began ??= event.time
    else if (event.type === 'evaluation') this.#evaluated = true
    else if (event.type === 'step') this.#addStep(event)
    else if (event.type === 'exchange') this.#addExchange(event)
  }

  trace(): PeerTrace | undefined {
    if (this.#peer === undefined || this.#began === undefined || this.#gaps.length === 0) return undefined
    const pause = median(this.#gaps.flatMap(gap => (gap.evaluated ? [] : [gap.pause])))
    return {
      peer: this.#peer,
      began: this.#began,
      steps: this.#gaps.map(gap => duration(gap, pause)),
      exchanges: this.#exchanges,
    }
  }

  #addStep({ stepMs, wallMs, time }: Recorded<StepEvent>): void {
    const meeting = [...this.#rounds.values()].reduce((sum, { ms }) => sum + ms, 0)
    for (const [id, { bytes, ms }] of this.#rounds) {
      this.#exchanges.push({ id, kind: 'round', partner: undefined, bytes, ms })
    }
    this.#rounds.clear()
    if (!Number.isFinite(stepMs) || !Number.isFinite(wallMs)) return
    this.#began ??= time - wallMs // the log begins in the middle of training
    this.#gaps.push({ step: stepMs, pause: Math.max(0, wallMs - stepMs - meeting), evaluated: this.#evaluated })
    this.#evaluated = false
  }

  #addExchange({ id, role, outcome, partner, bytesSent, bytesReceived, ms }: Recorded<ExchangeEvent>): void {
    if (outcome !== 'ok' || !Number.isFinite(ms)) return
    if (id.startsWith(ROUND)) {
      this.#rounds.set(id, { bytes: (this.#rounds.get(id)?.bytes ?? 0) + bytesSent, ms })
    } else if (role === 'initiator') {
      this.#exchanges.push({ id, kind: 'pairwise', partner, bytes: bytesSent + bytesReceived, ms })
    }
  }
}

/**
 * What a step's replay takes: the step itself, and the pause before it, in which snapshots were taken, deltas applied and
 * threads told each other of it, none of which takes virtual time. Not in it are rounds, waiting for others included, for
 * those are the simulator's to say; and where a model was evaluated the peer's median pause stands, for an evaluation takes
 * no virtual time.
 */
function duration({ step, pause, evaluated }: Gap, usual: number): number {
  return Math.max(LEAST_MS, step + (evaluated ? usual : pause))
}

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
  readonly kind: 'pairwise' | 'round'
  /** Undefined of a round: several were met. */
  readonly partner: string | undefined
  readonly bytes: number
  readonly ms: number
}

/** Share of a log's lines that may be damaged: a crash leaves half a line. */
const TOLERATED_DAMAGE = 0.01
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

/** What lay between the ends of two steps besides the second step itself. */
interface Gap {
  stepMs: number
  pauseMs: number
  /** Nothing that the simulator makes by itself, and no evaluation. */
  plain: boolean
}

class Collector {
  readonly #gaps: Gap[] = []
  readonly #exchanges: ObservedExchange[] = []
  /** Bytes of the round under way, over all partners. */
  #round: { id: string; bytes: number; ms: number } | undefined
  #peer: string | undefined
  #began: number | undefined
  #plain = true

  add(event: Recorded): void {
    this.#peer ??= event.by
    if (event.type === 'state' && event.state === 'training') this.#began ??= event.time
    else if (event.type === 'evaluation') this.#plain = false
    else if (event.type === 'step') this.#addStep(event)
    else if (event.type === 'exchange' && event.outcome === 'ok') this.#addExchange(event)
  }

  trace(): PeerTrace | undefined {
    this.#endRound()
    if (this.#peer === undefined || this.#began === undefined || this.#gaps.length === 0) return undefined
    const pause = median(this.#gaps.flatMap(gap => (gap.plain ? [gap.pauseMs] : [])))
    return {
      peer: this.#peer,
      began: this.#began,
      steps: this.#gaps.map(gap => duration(gap, pause)),
      exchanges: this.#exchanges,
    }
  }

  #addStep({ stepMs, wallMs, time }: Recorded<StepEvent>): void {
    if (!Number.isFinite(stepMs) || !Number.isFinite(wallMs)) return
    this.#began ??= time - wallMs // the log begins in the middle of training
    this.#gaps.push({ stepMs, pauseMs: Math.max(0, wallMs - stepMs), plain: this.#plain })
    this.#plain = true
  }

  #addExchange({ id, role, partner, bytesSent, bytesReceived, ms }: Recorded<ExchangeEvent>): void {
    if (!Number.isFinite(ms)) return
    if (id.startsWith('round-')) {
      this.#plain = false
      if (this.#round?.id !== id) this.#endRound()
      this.#round = { id, bytes: (this.#round?.bytes ?? 0) + bytesSent, ms }
    } else if (role === 'initiator') {
      this.#exchanges.push({ kind: 'pairwise', partner, bytes: bytesSent + bytesReceived, ms })
    }
  }

  #endRound(): void {
    if (this.#round) this.#exchanges.push({ kind: 'round', partner: undefined, ...this.#round })
    this.#round = undefined
  }
}

/**
 * What a step's replay takes: the step itself, and the pause before it, in which snapshots were taken and deltas applied,
 * neither of which takes virtual time. A pause in which a model was evaluated or peers met counts as long as the peer's
 * median pause: an evaluation takes no virtual time, and how long peers wait for each other is for the simulator to say.
 */
function duration({ stepMs, pauseMs, plain }: Gap, usual: number): number {
  return Math.max(LEAST_MS, stepMs + (plain ? pauseMs : usual))
}

import {
  type CheckpointEvent,
  EVERYBODY,
  type EvaluationEvent,
  type ExchangeEvent,
  type ExchangeFailure,
  type MembershipEvent,
  type Recorded,
  type StateEvent,
  type StepEvent,
  type WarningEvent,
} from '../../core/telemetry.ts'
import { addToCurve, type Curve, emptyCurve } from './curve.ts'
import { countStaleness, noStaleness, type StalenessCounts } from './staleness.ts'

/**
 * What one peer's events add up to. Bounded however long the run, so that a progress view, the demo, `inspect` and the
 * dashboard can keep one for every peer.
 */
export interface PeerSummary {
  readonly peer: string
  readonly state: StateEvent['state']
  readonly detail: string | undefined
  /** How much is done of what the detail says, in [0, 1]. */
  readonly fraction: number | undefined
  /** Milliseconds since the Unix epoch of the first and the latest event. */
  readonly firstTime: number
  readonly lastTime: number
  /** Local steps finished. */
  readonly step: number
  /** Tokens this peer has trained on. */
  readonly tokens: number
  /** The latest step, for its loss, learning rate and gradient norm. */
  readonly lastStep: StepEvent | undefined
  /** Training loss over all steps seen. */
  readonly lossCurve: Curve
  readonly validation: ValidationSummary | undefined
  readonly pace: Pace
  /** Exchanges this peer began; those it answered are counted by their initiators. */
  readonly exchanges: ExchangeCounts
  readonly answered: ExchangeCounts
  /** Whether what it begins goes to all. */
  readonly publishes: boolean
  /** Of the exchanges this peer began that came to pass, in its local steps; of those it received, if it publishes. */
  readonly staleness: StalenessCounts
  /** Root mean square of the difference of parameters met in the latest exchange. */
  readonly distance: number | undefined
  /** By exchanges, in either role. */
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly membership: MembershipSummary
  readonly checkpoint: CheckpointEvent | undefined
  readonly warnings: WarningSummary
}

interface ValidationSummary {
  readonly first: EvaluationEvent
  readonly last: EvaluationEvent
  /** Lowest loss so far. */
  readonly best: EvaluationEvent
}

/** Where the time went, warm-up left out. */
interface Pace {
  /** Steps since the peer (re)started, warm-up included. */
  readonly steps: number
  readonly stepMs: number
  readonly wallMs: number
  /** Tokens of the counted steps. */
  readonly tokens: number
  /** Exponential mean of `wallMs` over about the last 20 steps, from the first step on. */
  readonly recentWallMs: number | undefined
  /** Tokens of the latest step. */
  readonly tokensPerStep: number
}

export interface ExchangeCounts {
  readonly tried: number
  readonly ok: number
  readonly failed: Readonly<Partial<Record<ExchangeFailure, number>>>
}

interface MembershipSummary {
  /** Live peers, this one included. */
  readonly live: number
  readonly joined: number
  readonly left: number
  readonly lost: number
}

interface WarningSummary {
  readonly total: number
  readonly last: WarningEvent | undefined
  readonly reasons: Readonly<Record<string, number>>
}

/** The first steps of a session compile, fault memory in and fill caches; they say nothing of the pace that follows. */
const WARM_UP_STEPS = 10
const RECENT_STEPS = 20
const MAX_REASONS = 32

const noExchanges: ExchangeCounts = { tried: 0, ok: 0, failed: {} }
const noPace: Pace = { steps: 0, stepMs: 0, wallMs: 0, tokens: 0, recentWallMs: undefined, tokensPerStep: 0 }

function emptySummary(peer: string, time: number): PeerSummary {
  return {
    peer,
    state: 'starting',
    detail: undefined,
    fraction: undefined,
    firstTime: time,
    lastTime: time,
    step: 0,
    tokens: 0,
    lastStep: undefined,
    lossCurve: emptyCurve,
    validation: undefined,
    pace: noPace,
    exchanges: noExchanges,
    answered: noExchanges,
    publishes: false,
    staleness: noStaleness,
    distance: undefined,
    bytesSent: 0,
    bytesReceived: 0,
    membership: { live: 1, joined: 0, left: 0, lost: 0 },
    checkpoint: undefined,
    warnings: { total: 0, last: undefined, reasons: {} },
  }
}

/** The summary after one more event. Pure; `state` is undefined before the first. */
export function summarize(state: PeerSummary | undefined, event: Recorded): PeerSummary {
  const before = state ?? emptySummary(event.by, event.time)
  return { ...before, lastTime: event.time, ...changes(before, event) }
}

function changes(state: PeerSummary, event: Recorded): Partial<PeerSummary> {
  switch (event.type) {
    case 'step':
      return afterStep(state, event)
    case 'exchange':
      return afterExchange(state, event)
    case 'membership':
      return { membership: afterMembership(state.membership, event) }
    case 'state':
      // A restart in the same event log: the pace is that of the present session.
      return {
        state: event.state,
        detail: event.detail,
        fraction: event.fraction,
        ...(event.state === 'starting' ? { pace: noPace } : {}),
      }
    case 'checkpoint':
      return { checkpoint: event }
    case 'evaluation':
      return { validation: afterEvaluation(state.validation, event) }
    case 'warning':
      return { warnings: afterWarning(state.warnings, event) }
    case 'trainer':
    case 'memory':
      return {}
  }
}

function afterStep(state: PeerSummary, event: StepEvent): Partial<PeerSummary> {
  return {
    step: event.step,
    tokens: event.tokens,
    lastStep: event,
    lossCurve: addToCurve(state.lossCurve, event.loss),
    pace: afterStepPace(state, event),
  }
}

function afterStepPace({ pace, tokens, lastStep }: PeerSummary, event: StepEvent): Pace {
  const steps = pace.steps + 1
  // Before a log's first step nothing tells this session's tokens from those of a checkpoint it resumed.
  const tokensPerStep = lastStep ? Math.max(0, event.tokens - tokens) : pace.tokensPerStep
  const recent = pace.recentWallMs ?? event.wallMs
  const counted = steps > WARM_UP_STEPS
  return {
    steps,
    stepMs: pace.stepMs + (counted ? event.stepMs : 0),
    wallMs: pace.wallMs + (counted ? event.wallMs : 0),
    tokens: pace.tokens + (counted ? tokensPerStep : 0),
    recentWallMs: recent + (event.wallMs - recent) / Math.min(steps, RECENT_STEPS),
    tokensPerStep,
  }
}

function afterExchange(state: PeerSummary, event: ExchangeEvent): Partial<PeerSummary> {
  const ok = event.outcome === 'ok'
  const publishes = state.publishes || event.partner === EVERYBODY
  const common = {
    publishes,
    bytesSent: state.bytesSent + event.bytesSent,
    bytesReceived: state.bytesReceived + event.bytesReceived,
    distance: ok && event.partner !== EVERYBODY ? event.distance : state.distance,
    staleness:
      ok && tellsStaleness(event, publishes) ? countStaleness(state.staleness, event.staleness) : state.staleness,
  }
  if (event.role === 'responder') return { ...common, answered: countExchange(state.answered, event.outcome) }
  return { ...common, exchanges: countExchange(state.exchanges, event.outcome) }
}

/** Each exchange once: who begins it tells how stale it was, but for what is published to all. */
export function tellsStaleness({ role, partner }: ExchangeEvent, publishes: boolean): boolean {
  return publishes ? role === 'responder' : role === 'initiator' && partner !== EVERYBODY
}

function countExchange(counts: ExchangeCounts, outcome: ExchangeEvent['outcome']): ExchangeCounts {
  const tried = counts.tried + 1
  if (outcome === 'ok') return { ...counts, tried, ok: counts.ok + 1 }
  return { ...counts, tried, failed: { ...counts.failed, [outcome]: (counts.failed[outcome] ?? 0) + 1 } }
}

function afterMembership(before: MembershipSummary, event: MembershipEvent): MembershipSummary {
  return { ...before, live: event.live, [event.change]: before[event.change] + 1 }
}

function afterEvaluation(before: ValidationSummary | undefined, event: EvaluationEvent): ValidationSummary {
  if (!before) return { first: event, last: event, best: event }
  return { first: before.first, last: event, best: event.loss < before.best.loss ? event : before.best }
}

function afterWarning(before: WarningSummary, event: WarningEvent): WarningSummary {
  const known = Object.hasOwn(before.reasons, event.reason)
  const room = known || Object.keys(before.reasons).length < MAX_REASONS
  const reason = room ? event.reason : 'other'
  return {
    total: before.total + 1,
    last: event,
    reasons: { ...before.reasons, [reason]: (before.reasons[reason] ?? 0) + 1 },
  }
}

/** Share of the wall time after warm-up that went into steps, in [0, 1]; undefined before there was any. */
export function trainingShare({ pace }: PeerSummary): number | undefined {
  return pace.wallMs > 0 ? pace.stepMs / pace.wallMs : undefined
}

/** Tokens a second of wall time after warm-up; undefined before there was any. */
export function tokensPerSecond({ pace }: PeerSummary): number | undefined {
  return pace.wallMs > 0 ? (pace.tokens * 1000) / pace.wallMs : undefined
}

/** Tokens a second over about the last 20 steps, for a live view. */
export function recentTokensPerSecond({ pace }: PeerSummary): number | undefined {
  return pace.recentWallMs && pace.tokensPerStep ? (pace.tokensPerStep * 1000) / pace.recentWallMs : undefined
}

/** Milliseconds until `totalSteps` local steps are finished at the recent pace; undefined while that is unknown. */
export function millisecondsLeft({ pace, step }: PeerSummary, totalSteps: number): number | undefined {
  return pace.recentWallMs === undefined ? undefined : Math.max(0, totalSteps - step) * pace.recentWallMs
}

import { z } from 'zod'
import type { ExchangeFailure, Recorded, TelemetryEvent } from '../../core/telemetry.ts'

/** JSON has no NaN and no infinity and writes null for both: a diverged loss stays readable as NaN. */
const real = z.union([z.number(), z.null().transform(() => Number.NaN)])
const count = z.int().nonnegative()
const text = z.string()

const failures = [
  'no-partner',
  'busy',
  'unreachable',
  'timed-out',
  'broken',
  'invalid',
  'not-finite',
  'too-stale',
  'mismatch',
  'cancelled',
] as const satisfies readonly ExchangeFailure[]

/** Whether a text names an outcome of an exchange. */
export function isOutcome(text: string): text is 'ok' | ExchangeFailure {
  return text === 'ok' || (failures as readonly string[]).includes(text)
}

const stamp = { time: z.number(), by: text }

/**
 * A line of events.jsonl. Unknown keys are dropped, so that an older reader understands a newer writer; an event of an
 * unknown type is a damaged line.
 */
export const recordedSchema = z.discriminatedUnion('type', [
  z.object({
    ...stamp,
    type: z.literal('step'),
    step: count,
    loss: real,
    tokens: count,
    learningRate: real,
    gradientNorm: real,
    stepMs: real,
    wallMs: real,
  }),
  z.object({
    ...stamp,
    type: z.literal('exchange'),
    role: z.enum(['initiator', 'responder']),
    id: text,
    partner: text,
    shard: text,
    outcome: z.enum(['ok', ...failures]),
    staleness: real,
    weight: real,
    distance: real,
    bytesSent: count,
    bytesReceived: count,
    ms: real,
  }),
  z.object({
    ...stamp,
    type: z.literal('membership'),
    change: z.enum(['joined', 'left', 'lost']),
    peer: text,
    live: count,
  }),
  z.object({
    ...stamp,
    type: z.literal('state'),
    state: z.enum(['starting', 'connecting', 'fetching', 'training', 'lingering', 'stopping', 'stopped']),
    detail: text.optional(),
    fraction: z.number().min(0).max(1).optional(),
  }),
  z.object({ ...stamp, type: z.literal('checkpoint'), step: count, path: text, bytes: count, ms: real }),
  z.object({
    ...stamp,
    type: z.literal('evaluation'),
    step: count,
    loss: real,
    metrics: z.record(text, real).optional(),
    tokens: count,
  }),
  z.object({ ...stamp, type: z.literal('warning'), reason: text, message: text }),
  z.object({
    ...stamp,
    type: z.literal('trainer'),
    backend: text,
    threads: count,
    parameters: count,
    tokensPerStep: count,
    shards: z.array(text),
  }),
  z.object({ ...stamp, type: z.literal('memory'), resident: count, limit: count, available: count }),
]) satisfies z.ZodType<Recorded<TelemetryEvent>>

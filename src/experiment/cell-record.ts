import { z } from 'zod'

/** JSON has no NaN and no infinity and writes null for both: a diverged loss stays readable as NaN. */
const real = z.union([z.number(), z.null().transform(() => Number.NaN)])
const count = z.int().nonnegative()
const amount = z.number().nonnegative()
const name = z.string().min(1)

/** The three currencies in which arms are compared, summed over all peers. */
const cost = {
  /** Tokens trained on by all peers together. */
  tokens: amount,
  /** Virtual seconds since the start. */
  time: amount,
  /** Bytes sent by all peers together, retries and metadata counted. */
  bytes: amount,
}

/** One evaluation on the validation split. Losses in nats per token. */
const sampleSchema = z.object({
  ...cost,
  /** Of the model that averages the live peers' parameters. */
  lossMean: real,
  /** Mean over the peers of their own models' losses. */
  lossOfPeersMean: real,
  /** Of the peer whose model is worst. */
  lossOfWorstPeer: real,
  /** Xi = (1/n) sum ||x_i - xbar||^2 over the live peers. */
  consensusDistance: real,
  /** Xi / ||xbar||^2. */
  relativeConsensusDistance: real,
})

const summarySchema = z.object({
  /** Counts by local steps, as in peer/records/staleness.ts: the last of 1025 counts holds everything above. */
  staleness: z.object({ counts: z.array(count).max(1025), total: count, max: amount }),
  /** Share of its time up in which a peer neither computed nor was about to: mean over the peers. In [0, 1]. */
  idleShare: z.number().min(0).max(1),
  /** By their initiators. */
  exchanges: z.object({ tried: count, ok: count, failed: z.record(z.string(), count) }),
  bytesPerPeerPerStep: amount,
  bytesPerToken: amount,
  /** Undefined in an experiment without a target. */
  target: z
    .object({
      /** Nats per token, of the averaged model. */
      loss: z.number(),
      /** What had been spent when the loss was first at most that; undefined if it never was. */
      reached: z.object(cost).optional(),
    })
    .optional(),
  /** Seconds until the first peer began to train: part of the times of all samples but the first. @default 0 */
  started: amount.optional(),
  /** Seconds that this machine took to compute the cell. */
  wallSeconds: amount,
})

/** A label of what a cell ran under: `churn: "10%"`, `peers: 64`, `data: dirichlet(0.1)`. */
const conditionSchema = z.union([z.string(), z.number()])

/** One finished cell of an experiment: one arm under one seed and one set of conditions. */
export const cellRecordSchema = z
  .object({
    format: z.literal(1),
    experiment: name,
    arm: name,
    seed: z.int(),
    conditions: z.record(name, conditionSchema),
    /** `censored`: the run used up its budget before it reached the target loss. `failed`: it ended before its budget did. */
    status: z.enum(['finished', 'censored', 'failed']),
    /** Why it failed, in one line. */
    reason: z.string().min(1).optional(),
    /** In the order in which they were taken; the last one tells the final values. May be empty only if the cell failed. */
    samples: z.array(sampleSchema),
    summary: summarySchema,
    versions: z.object({
      /** Of this program's source; undefined outside of a clone. */
      commit: z.string().optional(),
      murmur: name,
    }),
  })
  .superRefine((record, context) => {
    for (const problem of contradictions(record)) context.addIssue({ code: 'custom', ...problem })
  })

export type CellRecord = z.infer<typeof cellRecordSchema>
export type CellSample = z.infer<typeof sampleSchema>
export type CellSummary = z.infer<typeof summarySchema>
export type Conditions = CellRecord['conditions']
/** What is spent: tokens, virtual seconds, bytes. */
export type Currency = keyof typeof cost

interface Contradiction {
  path: (string | number)[]
  message: string
}

type Checked = Pick<CellRecord, 'status' | 'reason' | 'samples' | 'summary'>

function* contradictions({ status, reason, samples, summary }: Checked): Generator<Contradiction> {
  if (status === 'failed' && reason === undefined) yield { path: ['reason'], message: 'a failed cell needs a reason' }
  if (status !== 'failed' && samples.length === 0)
    yield { path: ['samples'], message: `a ${status} cell needs at least one sample` }
  const reached = summary.target?.reached !== undefined
  if (status === 'censored' && (reached || !summary.target))
    yield { path: ['status'], message: 'only a cell that missed its target loss is censored' }
  if (status === 'finished' && summary.target && !reached)
    yield { path: ['status'], message: 'a cell that missed its target loss is censored, not finished' }
  for (const [i, sample] of samples.entries()) {
    const before = samples[i - 1]
    for (const currency of ['tokens', 'time', 'bytes'] as const) {
      if (before && sample[currency] < before[currency])
        yield { path: ['samples', i, currency], message: `falls from ${before[currency]} to ${sample[currency]}` }
    }
  }
}

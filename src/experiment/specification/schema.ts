import * as z from 'zod'
import { churnSchema } from '../../network/simulation/churn.ts'
import { computeTimeSchema } from '../../network/simulation/compute-time.ts'
import { linksSchema } from '../../network/simulation/links.ts'

/** Most bytes of an experiment's file. */
export const MAXIMUM_BYTES = 256 * 1024

const name = z
  .string()
  .min(1)
  .max(60)
  .regex(/^[\p{L}\p{N}]\P{Cc}*$/u, 'a letter or digit first, without control characters')

/** How a topology mixes vectors, without any training: rounds of perfect averaging of normal random vectors. */
const mixing = z.strictObject({
  topology: z.enum([
    'random-pairs',
    'matching',
    'one-peer-exponential',
    'static-exponential',
    'hypercube',
    'ring',
    'star',
    'complete',
    'groups',
    'grid',
    'regions',
  ]),
  /** Of `groups`: peers of a group. */
  size: z.int().min(2).max(65_536).optional(),
  /** Of `grid`: axes. */
  dimensions: z.int().min(1).max(16).optional(),
  /** Of `regions`: how many. Peers are dealt out to them in turn. */
  regions: z.int().min(1).max(65_536).optional(),
  /** Of `regions`: rounds between two in which the leaders meet. */
  every: z.int().min(1).max(1_000_000).optional(),
  rounds: z.int().min(1).max(100_000).default(60),
  /** Values of a peer's vector. */
  width: z.int().min(1).max(1_000_000).default(8),
  /** Share of the exchanges that fail. */
  failures: z.number().min(0).max(1).default(0),
})

/** A real run as the model: the run directory of a peer or a swarm, or an events.jsonl. */
const trace = z.strictObject({ kind: z.literal('trace'), path: z.string().min(1).max(4096) })

/** What a cell runs under. Stands at the top for all cells; an arm and a condition change some of it. */
const settings = {
  /** Peers that begin together. */
  peers: z.int().min(1).max(65_536),
  /** A run specification. Its `steps` are each peer's share of the tokens; its seed is the cell's. */
  run: z.record(z.string(), z.unknown()),
  compute: z.discriminatedUnion('kind', [...computeTimeSchema.options, trace]),
  links: z.discriminatedUnion('kind', [...linksSchema.options, trace]),
  churn: churnSchema,
  mixing,
}

/** Checked once all parts are put together: half a setting is no error in an arm. */
const changes = z.strictObject({
  peers: settings.peers.optional(),
  run: settings.run.optional(),
  compute: z.record(z.string(), z.unknown()).optional(),
  links: z.record(z.string(), z.unknown()).optional(),
  churn: z.record(z.string(), z.unknown()).nullable().optional(),
  mixing: z.record(z.string(), z.unknown()).optional(),
})

export type Changes = z.infer<typeof changes>

export const settingsSchema = z.strictObject({
  peers: settings.peers.default(8),
  run: settings.run.default({}),
  compute: settings.compute.default(() => computeTimeSchema.parse({ base: 100 })),
  links: settings.links.default(() => linksSchema.parse({ kind: 'wan' })),
  churn: settings.churn.nullish(),
  mixing: settings.mixing.optional(),
})

const arm = z.strictObject({
  name,
  ...changes.shape,
  /** Settings to choose from by `tuning`: every arm must have as many. */
  candidates: z.array(changes).min(1).max(64).optional(),
})

export const experimentSchema = z.strictObject({
  name,
  /** What is claimed or asked, in a sentence or two. */
  description: z.string().min(1).max(2000),
  /** The arm with which the others are compared. */
  baseline: name,
  /** Nats per token by which an arm may be worse than the baseline and still count as no worse. Declared before the runs. */
  margin: z.number().gt(0).max(10).optional(),
  /** Loss of the averaged model to reach, in nats per token. */
  target: z.number().gt(0).max(100).optional(),
  /** How many, from 1 on, or which. The same for every arm: differences are paired. */
  seeds: z.union([z.int().min(1).max(1000), z.array(z.int().min(0)).min(1).max(1000)]).default(5),
  /** Measurements over a run, spread evenly over its tokens. */
  samples: z.int().min(1).max(10_000).default(20),
  /** Virtual seconds after which a cell ends whatever it has done. */
  timeLimit: z.number().gt(0).max(1e9).default(100_000),
  /** Every cell runs with real processes and again in virtual time, and the two are compared. */
  fidelity: z
    .strictObject({
      /** Relative difference up to which the two count as alike. @default 0.15 */
      tolerance: z.number().gt(0).max(10).default(0.15),
    })
    .optional(),
  /** Each arm's candidates are compared on a seed of their own, with an equal budget. */
  tuning: z.strictObject({ seed: z.int().min(0).default(1_000_000) }).optional(),
  ...changes.shape,
  arms: z.array(arm).min(1).max(100),
  /** Dimension -> label -> what is different there. Every arm runs under every combination. */
  conditions: z.record(name, z.record(name, changes)).default({}),
})

export type ExperimentDefinition = z.infer<typeof experimentSchema>

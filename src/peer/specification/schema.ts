import * as z from 'zod'
import { averaging } from './averaging-schema.ts'
import { images, text } from './data-schema.ts'
import { count, keyDocumentation, seconds } from './key-documentation.ts'
import { cnn, gpt, mlp, module } from './model-schema.ts'

/** Most bytes of a specification, as a file and on the wire. */
export const MAXIMUM_BYTES = 64 * 1024

const ADAMW = 'Loshchilov & Hutter 2019, arXiv:1711.05101'
const ADAM = 'Kingma & Ba 2015, arXiv:1412.6980'
const GPT3 = 'Brown et al. 2020, arXiv:2005.14165, appendix B'
const NANOGPT = 'nanoGPT, github.com/karpathy/nanoGPT'

const adamw = z.strictObject({
  kind: z
    .literal('adamw')
    .default('adamw')
    .register(keyDocumentation, { says: 'Adam with decoupled weight decay.', source: ADAMW }),
  learningRate: z.number().gt(0).max(100).default(1e-3).register(keyDocumentation, {
    says: 'Peak learning rate; the schedule scales it.',
    unit: 'per step',
    source: NANOGPT,
  }),
  beta1: z.number().min(0).lt(1).default(0.9).register(keyDocumentation, {
    says: 'Decay of the first moment.',
    unit: 'per step',
    source: ADAM,
  }),
  beta2: z.number().min(0).lt(1).default(0.95).register(keyDocumentation, {
    says: 'Decay of the second moment.',
    unit: 'per step',
    source: GPT3,
  }),
  epsilon: z.number().gt(0).max(1).default(1e-8).register(keyDocumentation, {
    says: 'Added to the root of the second moment.',
    source: ADAM,
  }),
  weightDecay: z.number().min(0).max(10).default(0.1).register(keyDocumentation, {
    says: 'Decoupled weight decay, scaled by the learning rate.',
    source: GPT3,
  }),
})

const sgd = z.strictObject({
  kind: z.literal('sgd').register(keyDocumentation, { says: 'Stochastic gradient descent with momentum.' }),
  learningRate: z.number().gt(0).max(100).default(0.1).register(keyDocumentation, {
    says: 'Peak learning rate; the schedule scales it.',
    unit: 'per step',
    source: 'He et al. 2016, arXiv:1512.03385',
  }),
  momentum: z.number().min(0).lt(1).default(0.9).register(keyDocumentation, {
    says: 'Decay of the velocity; 0 is plain SGD.',
    unit: 'per step',
    source: 'Sutskever et al. 2013, ICML',
  }),
})

const warmup = (steps: number) =>
  z.int().min(0).max(1_000_000_000).default(steps).register(keyDocumentation, {
    says: 'Steps over which the learning rate rises linearly to its peak.',
    unit: 'local steps',
  })

const cosine = z.strictObject({
  kind: z.literal('cosine').default('cosine').register(keyDocumentation, {
    says: 'Falls from the peak to `final` along half a cosine.',
    source: 'Loshchilov & Hutter 2017, arXiv:1608.03983',
  }),
  warmup: warmup(50),
  final: z.number().min(0).max(1).default(0.1).register(keyDocumentation, {
    says: 'Learning rate at the last step.',
    unit: 'fraction of the peak',
    source: GPT3,
  }),
})

const constant = z.strictObject({
  kind: z.literal('constant').register(keyDocumentation, { says: 'Stays at the peak.' }),
  warmup: warmup(0),
})

const heartbeat = z.strictObject({
  interval: seconds()
    .default(1)
    .register(keyDocumentation, { says: 'Time between two heartbeats of a peer.', unit: 'seconds' }),
  timeout: seconds().default(5).register(keyDocumentation, {
    says: 'Silence after which a peer counts as lost; must be greater than `interval`.',
    unit: 'seconds',
  }),
})

const checkpoint = z.strictObject({
  every: count(1_000_000_000)
    .default(200)
    .register(keyDocumentation, { says: 'Time between two checkpoints.', unit: 'local steps' }),
  keep: count(1000).default(2).register(keyDocumentation, {
    says: 'Newest checkpoints that are kept; with two a damaged one costs a period, not the run.',
    unit: 'files',
  }),
})

const evaluation = z.strictObject({
  every: count(1_000_000_000)
    .default(100)
    .register(keyDocumentation, { says: 'Time between two measurements of the validation loss.', unit: 'local steps' }),
  batches: count(10_000).default(8).register(keyDocumentation, {
    says: 'Size of the fixed validation set.',
    unit: 'batches',
  }),
})

const limits = z.strictObject({
  peers: count(65_536).default(256).register(keyDocumentation, {
    says: 'Members of the swarm that a peer keeps track of.',
    unit: 'peers',
  }),
})

/** Keys in the order in which they are documented and written. Every one has a default but those of `images`. */
export const specificationSchema = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(200)
      .regex(/^[\p{L}\p{N}]\P{Cc}*$/u)
      .default('murmuration')
      .register(keyDocumentation, {
        says: 'What people call the run.',
        form: 'a letter or digit first, without control characters',
      }),
    seed: z.int().min(0).default(0).register(keyDocumentation, {
      says: 'Names every random choice of the run: initial parameters, partitions, batches.',
    }),
    model: z.discriminatedUnion('kind', [gpt, mlp, cnn, module]).prefault({}).register(keyDocumentation, {
      says: 'What is trained. `gpt` needs text, `mlp` and `cnn` need images, a `module` says what it needs.',
    }),
    data: z
      .discriminatedUnion('kind', [text, images])
      .prefault({})
      .register(keyDocumentation, { says: 'What it is trained on.' }),
    batch: count(65_536).default(8).register(keyDocumentation, {
      says: 'Size of a batch of one peer.',
      unit: 'windows or images',
    }),
    steps: count(1_000_000_000).default(2000).register(keyDocumentation, {
      says: 'Length of the run, for each peer.',
      unit: 'local steps',
    }),
    optimizer: z
      .discriminatedUnion('kind', [adamw, sgd])
      .prefault({})
      .register(keyDocumentation, { says: 'How gradients become steps. Its state is never averaged.' }),
    gradientClip: z.number().min(0).max(1_000_000).default(1).register(keyDocumentation, {
      says: 'Largest Euclidean norm of a gradient; 0 is off.',
      source: GPT3,
    }),
    schedule: z
      .discriminatedUnion('kind', [cosine, constant])
      .prefault({})
      .register(keyDocumentation, { says: 'The learning rate over the local steps.' }),
    shards: count(4096).default(4).register(keyDocumentation, {
      says: 'Parts of about equal size that the parameters are averaged in, one at a time; never more than the model has layers.',
      unit: 'shards',
    }),
    averaging: averaging.prefault({}).register(keyDocumentation, { says: 'When, how and how exactly peers average.' }),
    heartbeat: heartbeat.prefault({}).register(keyDocumentation, { says: 'How peers know of each other.' }),
    checkpoint: checkpoint.prefault({}).register(keyDocumentation, { says: 'What survives a crash.' }),
    evaluation: evaluation.prefault({}).register(keyDocumentation, { says: 'How progress is measured.' }),
    limits: limits.prefault({}).register(keyDocumentation, { says: 'What bounds the memory of a peer.' }),
  })
  .superRefine((specification, context) => {
    const { model, data, heartbeat, averaging } = specification
    // `value` may be a default: it is not in what the user wrote, and the message must show it all the same.
    const refuse = (path: string[], value: unknown, expected: string) =>
      context.addIssue({ code: 'custom', path, message: expected, params: { value } })
    if (averaging.algorithm === 'noloco') {
      const limit = 2 * (1 - averaging.outerMomentum ** 2)
      if (averaging.outerLearningRate >= limit) {
        const expected = `below 2 (1 - outerMomentum^2) = ${Number(limit.toPrecision(3))}, else pairs drift apart`
        refuse(['averaging', 'outerLearningRate'], averaging.outerLearningRate, expected)
      }
    }
    if (model.kind === 'gpt' && model.width % model.heads !== 0) {
      refuse(['model', 'width'], model.width, `divisible by model.heads, ${model.heads}`)
    }
    const needed = model.kind === 'gpt' ? 'text' : 'images'
    if (model.kind !== 'module' && data.kind !== needed)
      refuse(['data', 'kind'], data.kind, `${needed}, which model.kind ${model.kind} needs`)
    if (data.partition !== 'dirichlet' && data.alpha !== undefined)
      refuse(['data', 'alpha'], data.alpha, `left out, as data.partition is ${data.partition} and not dirichlet`)
    if (heartbeat.timeout <= heartbeat.interval) {
      refuse(['heartbeat', 'timeout'], heartbeat.timeout, `greater than heartbeat.interval, ${heartbeat.interval}`)
    }
  })

/** Writes out what may be said in short: `model: {module: ...}` for `{kind: module, module: ...}`, `tokenizer: gpt2` for `{kind: gpt2}`, `{file: ...}` for `{kind: file, file: ...}`. */
export function withoutShorthands(specification: unknown): unknown {
  if (!isMapping(specification)) return specification
  const { model, data } = specification
  return {
    ...specification,
    ...(isMapping(model) && 'module' in model && { model: { kind: 'module', ...model } }),
    ...(isMapping(data) && 'tokenizer' in data && { data: { ...data, tokenizer: fullTokenizer(data.tokenizer) } }),
  }
}

function fullTokenizer(value: unknown): unknown {
  if (typeof value === 'string') return { kind: value }
  return isMapping(value) && 'file' in value && !('kind' in value) ? { kind: 'file', ...value } : value
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A validated specification with every default filled in. */
export type RunSpecification = z.output<typeof specificationSchema>

import * as z from 'zod'
import { count, keyDocumentation, path } from './key-documentation.ts'

export const gpt = z.strictObject({
  kind: z.literal('gpt').default('gpt').register(keyDocumentation, {
    says: 'A decoder-only transformer over text.',
    source: 'Radford et al. 2019, GPT-2',
  }),
  layers: count(256).default(4).register(keyDocumentation, { says: 'Transformer blocks.', unit: 'blocks' }),
  width: count(65_536).default(128).register(keyDocumentation, {
    says: 'Size of the residual stream; must be divisible by `heads`.',
    unit: 'units',
  }),
  heads: count(1024).default(4).register(keyDocumentation, { says: 'Attention heads of a block.', unit: 'heads' }),
  context: count(65_536).default(64).register(keyDocumentation, {
    says: 'Longest sequence the model sees.',
    unit: 'tokens',
  }),
})

export const mlp = z.strictObject({
  kind: z.literal('mlp').register(keyDocumentation, { says: 'A multi-layer perceptron over images.' }),
  hidden: z
    .array(count(65_536))
    .max(64)
    .default([128])
    .register(keyDocumentation, { says: 'Sizes of the hidden layers, first to last.', unit: 'units' }),
})

export const cnn = z.strictObject({
  kind: z.literal('cnn').register(keyDocumentation, {
    says: 'A convolutional network over images: each convolution halves them.',
    source: 'LeCun et al. 1998, LeNet-5',
  }),
  channels: z
    .array(count(65_536))
    .min(1)
    .max(16)
    .default([16, 32])
    .register(keyDocumentation, { says: 'Output channels of the convolutions, first to last.', unit: 'channels' }),
  kernel: count(64).default(5).register(keyDocumentation, { says: 'Side of the square kernels.', unit: 'pixels' }),
  hidden: z.array(count(65_536)).max(64).default([128]).register(keyDocumentation, {
    says: 'Sizes of the dense layers between the convolutions and the classes.',
    unit: 'units',
  }),
})

const MODULE_FORM = 'a relative path of a .ts, .mts, .js or .mjs file, below the folder of the run file, without colons'

export const module = z.strictObject({
  kind: z.literal('module').register(keyDocumentation, {
    says: 'A model of your own in a file (docs/models.md). This key may be left out.',
  }),
  module: path()
    .regex(/^(?!\/)[^\p{Cc}\\:]*\.m?[tj]s$/u) // no drive, no stream of a file
    .regex(/^(?!(?:.*\/)?(?:\.\.|node_modules)\/)/isu) // some file systems do not tell case apart
    .register(keyDocumentation, {
      says: 'The file. Each peer needs it on its own machine: it is never sent.',
      form: MODULE_FORM,
    }),
  sha256: z
    .string()
    .max(64)
    .regex(/^(?:[0-9a-f]{64})?$/)
    .default('')
    .register(keyDocumentation, {
      says: 'SHA-256 of the file, the same for all peers. Empty: filled in at the start.',
      form: '64 hexadecimal digits or none',
    }),
  context: count(65_536).default(64).register(keyDocumentation, {
    says: 'Length of the windows of text that the model is given.',
    unit: 'tokens',
  }),
})

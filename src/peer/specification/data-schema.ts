import * as z from 'zod'
import { DEFAULT_ALPHA } from '../../compute/data/class-partition.ts'
import { count, keyDocumentation, PATH_FORM, path, share } from './key-documentation.ts'

const NANOGPT = 'nanoGPT, github.com/karpathy/nanoGPT'

const partitions = () =>
  count(65_536).default(4).register(keyDocumentation, {
    says: 'Parts the training data is dealt to. Each peer trains on one; with more peers than parts some share one.',
    unit: 'parts',
  })

const validation = () =>
  share().default(0.1).register(keyDocumentation, {
    says: 'Share held out, the same for every peer, to measure the validation loss on.',
    unit: 'fraction of the data',
    source: NANOGPT,
  })

const HSU = 'Hsu et al. 2019, arXiv:1909.06335'

const alpha = () =>
  z.number().gt(0).max(1_000_000).optional().register(keyDocumentation, {
    says: 'Concentration: 0.1 gives parts of few classes and unequal sizes, 100 nearly iid ones.',
    default: DEFAULT_ALPHA,
    only: 'partition: dirichlet',
    source: HSU,
  })

/** The default of `alpha` is part of the run's name where there is an alpha, and only there. */
function withAlpha<T extends { partition: string; alpha?: number }>(data: T): T {
  return data.partition === 'dirichlet' ? { ...data, alpha: data.alpha ?? DEFAULT_ALPHA } : data
}

const bytes = z.strictObject({
  kind: z.literal('bytes').default('bytes').register(keyDocumentation, {
    says: 'Bytes of UTF-8, 256 tokens; `tokenizer: bytes` in short.',
  }),
})

const gpt2 = z.strictObject({
  kind: z.literal('gpt2').register(keyDocumentation, {
    says: 'The byte-pair encoding of GPT-2, 50257 tokens; `tokenizer: gpt2` in short.',
    source: 'Radford et al. 2019, GPT-2',
  }),
})

const tokenizerFile = z.strictObject({
  kind: z.literal('file').register(keyDocumentation, {
    says: 'A Hugging Face tokenizer; `tokenizer: {file: tokenizer.json}` in short.',
    source: 'github.com/huggingface/tokenizers',
  }),
  file: path().register(keyDocumentation, {
    says: 'A tokenizer.json (<= 64 MiB), relative to the folder murmur is started in. Joiners get a copy.',
    form: PATH_FORM,
  }),
  sha256: z
    .string()
    .max(64)
    .regex(/^([0-9a-f]{64})?$/)
    .default('')
    .register(keyDocumentation, {
      says: "SHA-256 of the file. Empty: filled in at the start, so that it is part of the run's name.",
      form: '64 hexadecimal digits or none',
    }),
})

export const text = z
  .strictObject({
    kind: z
      .literal('text')
      .default('text')
      .register(keyDocumentation, { says: 'Text, cut into tokens by `tokenizer`.' }),
    paths: z.array(path()).max(1000).default([]).register(keyDocumentation, {
      says: 'Files, folders and globs, relative to the folder murmur is started in. Empty: the documentation and declarations of the installed npm dependencies. A peer that keeps the same text elsewhere says so with `--data`, which does not change the run.',
    }),
    tokenizer: z
      .discriminatedUnion('kind', [bytes, gpt2, tokenizerFile])
      .prefault({})
      .register(keyDocumentation, { says: 'How the text becomes tokens, and so the vocabulary.' }),
    partitions: partitions(),
    partition: z.enum(['iid', 'document', 'dirichlet']).default('iid').register(keyDocumentation, {
      says: 'How the data is dealt: `iid` cuts it in chunks of at most 16 KiB, `document` keeps documents whole, so that peers see different text, `dirichlet` deals the chunks of each folder (of each document, if there is but one folder) in random proportions.',
    }),
    alpha: alpha(),
    validation: validation(),
  })
  .overwrite(withAlpha)

export const images = z
  .strictObject({
    kind: z.literal('images').register(keyDocumentation, { says: 'Labelled images in IDX files, such as MNIST.' }),
    images: path().register(keyDocumentation, { says: 'IDX file of the images, plain or gzipped.', form: PATH_FORM }),
    labels: path().register(keyDocumentation, { says: 'IDX file of their labels, plain or gzipped.', form: PATH_FORM }),
    partitions: partitions(),
    partition: z.enum(['iid', 'dirichlet']).default('iid').register(keyDocumentation, {
      says: 'How images are dealt: at random, or each label in random proportions.',
    }),
    alpha: alpha(),
    validation: validation(),
  })
  .overwrite(withAlpha)

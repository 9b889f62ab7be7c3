import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { MurmurError } from '../../core/errors.ts'
import { random } from '../../core/random.ts'
import type { Batch } from '../engine/engine.ts'
import type { BatchSource } from './batches.ts'
import { byteTokenizer } from './byte-tokenizer.ts'
import {
  type ClassSplit,
  type ClassSplitInit,
  DEFAULT_ALPHA,
  dealByClass,
  splitTextByClass,
} from './class-partition.ts'
import { type Corpus, corpus } from './corpus.ts'
import { defaultCorpusDocuments } from './default-corpus.ts'
import { findDocuments } from './find-documents.ts'
import { evenImageBatches, imageBatches, type LabelledImages, readImages } from './image-batches.ts'
import { openTokenizer, type TokenizerConfig } from './open-tokenizer.ts'
import { dealUnits, type PartitionKind, type Segment, type Split, type SplitInit, splitText } from './partition.ts'
import { evenTextBatches, textBatches } from './text-batches.ts'
import { textClasses } from './text-classes.ts'
import { type TokenCacheInit, tokenisedCorpus } from './token-cache.ts'
import { byteSequence, type TokenSequence } from './token-sequence.ts'
import type { Tokenizer } from './tokenizer.ts'

export interface TextDataConfig {
  kind: 'text'
  /** Files, folders and globs; none means the default corpus. */
  paths: readonly string[]
  /** @default bytes */
  tokenizer?: TokenizerConfig
  /** A Dirichlet partition takes a folder or a document for a class, see `textClasses`. */
  partition: PartitionKind
  /** Concentration of a Dirichlet partition, of no use to others. Must be > 0. @default 0.1 */
  alpha?: number
  /** Share held out for validation, in (0, 1). */
  validation: number
}

export interface ImageDataConfig {
  kind: 'images'
  /** IDX file of images, plain or gzipped. */
  images: string
  /** IDX file of their labels. */
  labels: string
  /** A Dirichlet partition takes a label for a class. @default iid */
  partition?: Exclude<PartitionKind, 'document'>
  /** Concentration of a Dirichlet partition, of no use to others. Must be > 0. @default 0.1 */
  alpha?: number
  validation: number
}

export type DataConfig = TextDataConfig | ImageDataConfig

export interface OpenDataInit {
  /** What relative paths are relative to. */
  directory: string
  /**
   * Examples in a batch, of training and validation alike. Every peer of a run must say the same, as of `context`: a
   * Dirichlet partition has at least a batch.
   */
  batchSize: number
  /** Tokens in a window of text; images have no use for it. */
  context: number
  /** Which part of the training data is read, of how many. Every peer of a run must say the same count. */
  partition: { index: number; count: number }
  /** The run's seed: names the split, and with `stream` the order of the batches. */
  seed: number
  /** Tells peers apart that share a partition, so that they do not read the same batches. @default partition.index */
  stream?: string | number
  /** Batches of the fixed validation set. */
  validationBatches: number
  /** Where text is kept once it is tokenised; byte tokens are read from the text itself. */
  cache: TokenCacheInit
}

export interface OpenData {
  readonly train: BatchSource
  /** Another order of this partition's batches, for a peer that shares it. Closed with `train`. */
  reordered(stream: string | number): BatchSource
  /** The same on every peer. */
  readonly validation: readonly Batch[]
  describe(): DataDescription
}

export type DataDescription = TextDescription | ImagesDescription

interface CommonDescription {
  /** For people, in one line. */
  summary: string
  /** Peers with the same data have the same: a hash of names and sizes. */
  fingerprint: string
}

interface TextDescription extends CommonDescription {
  kind: 'text'
  vocabulary: number
  documents: number
  bytes: number
  /** Tokens in all. */
  tokens: number
  /** Bytes of text for each token that the validation set predicts. */
  bytesPerToken: number
  /** Tokens in this peer's part, and held out. */
  trainTokens: number
  validationTokens: number
}

interface ImagesDescription extends CommonDescription {
  kind: 'images'
  /** Rows, columns and channels of an image, of which `inputs` is the product. */
  shape: readonly [number, number, number]
  inputs: number
  classes: number
  trainExamples: number
  validationExamples: number
}

/**
 * Opens a run's data as one peer sees it. Batches are read synchronously: made for the trainer's own thread.
 * @throws MurmurError `CORPUS_MISSING`, `CORPUS_TOO_SMALL`, `TOKENIZER_INVALID`; see `tokenisedCorpus`
 */
export async function openData(config: DataConfig, init: OpenDataInit): Promise<OpenData> {
  return config.kind === 'text' ? await openText(config, init) : openImages(config, init)
}

async function openText(config: TextDataConfig, init: OpenDataInit): Promise<OpenData> {
  const { batchSize, context } = init
  const documents = config.paths.length > 0 ? findDocuments(config.paths, init.directory) : defaultCorpusDocuments()
  const tokenizer = await openTokenizer(config.tokenizer ?? { kind: 'bytes' }, init.directory)
  const text = corpus(documents)
  const { tokens, sizes } = await tokensOf(text, tokenizer, init.cache)
  const split =
    config.partition === 'dirichlet'
      ? splitTextByClass(sizes, textClasses(documents), classSplitInit(config, init, batchSize * context + 1))
      : splitText(sizes, config.partition, splitInit(config, init))
  const own = split.partitions[init.partition.index]!
  for (const part of [split.validation, ...split.partitions]) requireWindow(part, context, tokens.length, init)

  const shape = { batchSize, context }
  const validation = evenTextBatches({ tokens, segments: split.validation }, shape, init.validationBatches)
  const targets = validation.flatMap(batch => [...batch.targets!])
  const name = config.paths.length > 0 ? 'text' : 'default corpus'
  const batches = (stream: OpenDataInit['stream']) =>
    textBatches({ tokens, segments: own }, shape, batchOrder({ ...init, stream }))
  return {
    train: batches(init.stream),
    reordered: batches,
    validation,
    describe: () => ({
      kind: 'text',
      vocabulary: tokenizer.vocabulary,
      documents: documents.length,
      bytes: text.bytes,
      tokens: tokens.length,
      bytesPerToken: tokenizer.byteLength(targets) / targets.length,
      trainTokens: lengthOf(own),
      validationTokens: lengthOf(split.validation),
      fingerprint: hashOf([tokenizer.id, ...documents.map(document => `${document.name}\0${document.bytes}`)]),
      summary: `${name}: ${documents.length} ${documents.length === 1 ? 'document' : 'documents'}, ${sizeOf(text, tokens)}; ${partOf(init)} by ${config.partition}, ${lengthOf(own)} tokens${imbalance(split, config, init, 'chunk')}`,
    }),
  }
}

/** @returns the row of tokens, and how many of them each document has */
async function tokensOf(
  text: Corpus,
  tokenizer: Tokenizer,
  cache: TokenCacheInit,
): Promise<{ tokens: TokenSequence; sizes: readonly number[] }> {
  if (tokenizer === byteTokenizer)
    return { tokens: byteSequence(text), sizes: text.documents.map(({ bytes }) => bytes) }
  try {
    const tokens = await tokenisedCorpus(text, tokenizer, cache)
    return { tokens, sizes: tokens.tokens }
  } finally {
    text.close()
  }
}

function sizeOf(text: Corpus, tokens: TokenSequence): string {
  return tokens.length === text.bytes ? `${text.bytes} bytes` : `${text.bytes} bytes, ${tokens.length} tokens`
}

function openImages(config: ImageDataConfig, init: OpenDataInit): OpenData {
  const images = readImages(resolve(init.directory, config.images), resolve(init.directory, config.labels))
  const split = dealImages(images, config, init)
  const own = split.partitions[init.partition.index]!
  const fingerprint = hashOf([`${images.count}`, `${images.inputs}`, hashOf([images.labels])])
  const batches = (stream: OpenDataInit['stream']) =>
    imageBatches(images, own, init.batchSize, batchOrder({ ...init, stream }))
  return {
    train: batches(init.stream),
    reordered: batches,
    validation: evenImageBatches(images, split.validation, init.batchSize, init.validationBatches),
    describe: () => ({
      kind: 'images',
      shape: images.shape,
      inputs: images.inputs,
      classes: images.classes,
      trainExamples: own.length,
      validationExamples: split.validation.length,
      fingerprint,
      summary: `${images.count} images of ${images.inputs} pixels, ${images.classes} classes; ${partOf(init)}, ${own.length} images${imbalance(split, config, init, 'image')}`,
    }),
  }
}

function dealImages({ labels }: LabelledImages, config: ImageDataConfig, init: OpenDataInit): Split<number> {
  const sizes = new Array<number>(labels.length).fill(1)
  if (config.partition !== 'dirichlet') return dealUnits(sizes, 'images', splitInit(config, init))
  const names = { units: 'images', classes: 'labels' }
  return dealByClass(sizes, Array.from(labels, String), names, classSplitInit(config, init, init.batchSize))
}

/** How far a Dirichlet partition is from an iid one. */
function imbalance(split: Split<unknown>, config: DataConfig, init: OpenDataInit, unit: string): string {
  if (!isClassSplit(split)) return ''
  const share = Math.round(100 * split.largestClass[init.partition.index]!)
  const count = `${split.moved} ${split.moved === 1 ? unit : `${unit}s`}`
  const moved = split.moved > 0 ? `, ${count} moved to partitions with less than a batch` : ''
  return `; dirichlet ${config.alpha ?? DEFAULT_ALPHA}: largest class ${share}% of this partition${moved}`
}

function isClassSplit<T>(split: Split<T>): split is ClassSplit<T> {
  return 'largestClass' in split
}

function classSplitInit(config: DataConfig, init: OpenDataInit, least: number): ClassSplitInit {
  return { ...splitInit(config, init), alpha: config.alpha ?? DEFAULT_ALPHA, least }
}

function splitInit(config: DataConfig, { seed, partition }: OpenDataInit): SplitInit {
  const { index, count } = partition
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(index) || index < 0 || index >= count) {
    throw new MurmurError({
      code: 'USAGE',
      message: `Expected --partition to be from 0 to ${count - 1}, as the run has ${count} partitions, got ${index}`,
      details: { index, count },
    })
  }
  return { random: random(seed).fork('data'), partitions: count, validation: config.validation }
}

function batchOrder({ seed, stream, partition }: OpenDataInit) {
  return random(seed)
    .fork('batches')
    .fork(stream ?? partition.index)
}

function requireWindow(part: readonly Segment[], context: number, tokens: number, init: OpenDataInit): void {
  const length = lengthOf(part)
  if (length > context) return
  throw new MurmurError({
    code: 'CORPUS_TOO_SMALL',
    message: `The corpus has ${tokens} tokens, of which one of ${init.partition.count} partitions or the validation split gets ${length}: expected at least ${context + 1} in each, for windows of ${context} tokens`,
    details: { tokens, partitions: init.partition.count, length, expected: context + 1 },
  })
}

function partOf({ partition }: OpenDataInit): string {
  return `partition ${partition.index + 1} of ${partition.count}`
}

function lengthOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => sum + segment.length, 0)
}

function hashOf(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\n')
  return hash.digest('hex').slice(0, 16)
}

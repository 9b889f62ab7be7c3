import { MurmurError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import type { Batch } from '../engine/engine.ts'
import type { BatchSource } from './batches.ts'
import { readIdx } from './idx.ts'

/** Labelled images, one byte a pixel, in memory. */
export interface LabelledImages {
  count: number
  /** Rows, columns and channels: each image lies row by row, its channels innermost. */
  shape: readonly [number, number, number]
  /** Values of an image: the product of its shape. */
  inputs: number
  /** Labels are in [0, classes). */
  classes: number
  /** [count * inputs], 0 to 255. */
  pixels: Uint8Array
  /** [count] */
  labels: Uint8Array
}

/**
 * Reads a pair of IDX files.
 * @throws MurmurError `CORPUS_MISSING`, `CORPUS_TOO_SMALL`
 */
export function readImages(imagesPath: string, labelsPath: string): LabelledImages {
  const images = readIdx(imagesPath, 3)
  const labels = readIdx(labelsPath, 1)
  const [count = 0, rows = 0, columns = 0] = images.shape
  if (count !== labels.shape[0]) {
    throw new MurmurError({
      code: 'CORPUS_MISSING',
      message: `${imagesPath} has ${count} images and ${labelsPath} ${labels.shape[0]} labels: expected as many`,
      details: { images: imagesPath, labels: labelsPath },
    })
  }
  const classes = labels.values.reduce((highest, label) => Math.max(highest, label), 0) + 1
  return {
    count,
    shape: [rows, columns, 1],
    inputs: rows * columns,
    classes,
    pixels: images.values,
    labels: labels.values,
  }
}

/**
 * Examples drawn uniformly from `examples` (indexes of images), with replacement. Each batch holds `inputs`, float32
 * in [0, 1] [batchSize * pixels], and `targets`, int32 [batchSize].
 */
export function imageBatches(
  images: LabelledImages,
  examples: readonly number[],
  batchSize: number,
  random: Random,
): BatchSource {
  const batch = emptyBatch(images, batchSize)
  return {
    next: () => {
      for (let row = 0; row < batchSize; row++) copy(images, examples[random.integer(examples.length)]!, batch, row)
      return batch
    },
    save: () => random.save(),
    restore: state => random.restore(state),
    close: () => {},
  }
}

/** `batches` batches of examples spread evenly over `examples`: the same ones whoever makes them. */
export function evenImageBatches(
  images: LabelledImages,
  examples: readonly number[],
  batchSize: number,
  batches: number,
): Batch[] {
  const rows = batches * batchSize
  return Array.from({ length: batches }, (_, i) => {
    const batch = emptyBatch(images, batchSize)
    for (let row = 0; row < batchSize; row++) {
      const example = examples[Math.floor(((i * batchSize + row) * examples.length) / rows)]!
      copy(images, example, batch, row)
    }
    return batch
  })
}

interface ImageBatch {
  readonly [name: string]: Float32Array | Int32Array
  inputs: Float32Array
  targets: Int32Array
}

function emptyBatch(images: LabelledImages, batchSize: number): ImageBatch {
  return { inputs: new Float32Array(batchSize * images.inputs), targets: new Int32Array(batchSize) }
}

function copy(images: LabelledImages, example: number, batch: ImageBatch, row: number): void {
  const from = example * images.inputs
  const to = row * images.inputs
  for (let i = 0; i < images.inputs; i++) batch.inputs[to + i] = images.pixels[from + i]! / 255
  batch.targets[row] = images.labels[example]!
}

import type { Random } from '../../core/random.ts'
import type { Batch } from '../engine/engine.ts'
import type { BatchSource } from './batches.ts'
import { indexAt, startsOf } from './corpus.ts'
import type { Segment } from './partition.ts'
import type { TokenSequence } from './token-sequence.ts'

/** A part of the corpus read as one text: its segments laid end to end. */
export interface TextPart {
  tokens: TokenSequence
  segments: readonly Segment[]
}

export interface TextBatchShape {
  /** Windows in a batch. */
  batchSize: number
  /** Tokens in a window. */
  context: number
}

/**
 * Windows at uniformly random places of a part, with replacement. Each batch holds `inputs` and `targets`, int32
 * [batchSize * context]; a target is the token that follows its input. The part must have more than `context` tokens.
 */
export function textBatches(part: TextPart, shape: TextBatchShape, random: Random): BatchSource {
  const windows = new Windows(part, shape)
  const batch = emptyBatch(shape)
  return {
    next: () => {
      for (let row = 0; row < shape.batchSize; row++) windows.copy(random.integer(windows.count), batch, row)
      return batch
    },
    save: () => random.save(),
    restore: state => random.restore(state),
    close: () => part.tokens.close(),
  }
}

/** `batches` batches of windows spread evenly over a part: the same ones whoever makes them. */
export function evenTextBatches(part: TextPart, shape: TextBatchShape, batches: number): Batch[] {
  const windows = new Windows(part, shape)
  const rows = batches * shape.batchSize
  return Array.from({ length: batches }, (_, i) => {
    const batch = emptyBatch(shape)
    for (let row = 0; row < shape.batchSize; row++) {
      windows.copy(Math.floor(((i * shape.batchSize + row) * windows.count) / rows), batch, row)
    }
    return batch
  })
}

type TextBatch = Readonly<Record<'inputs' | 'targets', Int32Array>>

function emptyBatch({ batchSize, context }: TextBatchShape): TextBatch {
  return { inputs: new Int32Array(batchSize * context), targets: new Int32Array(batchSize * context) }
}

class Windows {
  /** Places at which a window can begin. */
  readonly count: number
  readonly #part: TextPart
  readonly #starts: Float64Array
  readonly #context: number
  /** One window and the token after it. */
  readonly #window: Int32Array

  constructor(part: TextPart, { context }: TextBatchShape) {
    this.#part = part
    this.#starts = startsOf(part.segments.map(segment => segment.length))
    this.#context = context
    this.#window = new Int32Array(context + 1)
    this.count = part.segments.reduce((sum, segment) => sum + segment.length, 0) - context
  }

  copy(position: number, batch: TextBatch, row: number): void {
    this.#read(position)
    const start = row * this.#context
    batch.inputs.set(this.#window.subarray(0, this.#context), start)
    batch.targets.set(this.#window.subarray(1), start)
  }

  #read(position: number): void {
    let filled = 0
    for (let i = indexAt(this.#starts, position); filled < this.#window.length; i++) {
      const segment = this.#part.segments[i]!
      const offset = position + filled - this.#starts[i]!
      const length = Math.min(this.#window.length - filled, segment.length - offset)
      this.#part.tokens.read(segment.start + offset, this.#window.subarray(filled, filled + length))
      filled += length
    }
  }
}

import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TrainerConfig } from '../../src/compute/trainer/trainer-config.ts'
import { random } from '../../src/core/random.ts'

/** The smallest GPT that still learns: a step takes about a millisecond. */
export function tinyTrainerConfig(text: string, changes: Partial<TrainerConfig> = {}): TrainerConfig {
  return {
    model: { kind: 'gpt', layers: 1, width: 16, heads: 2, context: 16 },
    data: { kind: 'text', paths: [text], partition: 'iid', validation: 0.1 },
    optimizer: { kind: 'adamw', learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 },
    schedule: { kind: 'cosine', warmup: 4, final: 0.1 },
    batch: 4,
    steps: 100,
    gradientClip: 1,
    seed: 7,
    shards: 2,
    validationBatches: 2,
    own: {
      partition: { index: 0, count: 2 },
      directory: '/',
      cache: join(tmpdir(), 'murmur-test-cache'),
      compute: { threads: 1 },
    },
    ...changes,
  }
}

const IMAGES = { count: 200, side: 4, classes: 3 }

/** Writes a small set of noisy images, brightest in the row their label says, and returns what trains on them. */
export function tinyImagesConfig(folder: string): Partial<TrainerConfig> {
  const { count, side, classes } = IMAGES
  const stream = random('tiny images')
  const labels = Uint8Array.from({ length: count }, () => stream.integer(classes))
  const pixels = Uint8Array.from({ length: count * side * side }, (_, i) => {
    const row = Math.floor(i / side) % side
    return stream.integer(100) + (row === labels[Math.floor(i / (side * side))] ? 150 : 0)
  })
  const paths = { images: join(folder, 'images.idx'), labels: join(folder, 'labels.idx') }
  writeFileSync(paths.images, idx([count, side, side], pixels))
  writeFileSync(paths.labels, idx([count], labels))
  return {
    model: { kind: 'mlp', hidden: [8] },
    data: { kind: 'images', ...paths, validation: 0.2 },
    optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.9 },
  }
}

function idx(shape: readonly number[], values: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length)
  header.set([0, 0, 8, shape.length])
  for (const [i, size] of shape.entries()) header.writeUInt32BE(size, 4 + 4 * i)
  return Buffer.concat([header, values])
}

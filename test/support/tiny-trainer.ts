import type { TrainerConfig } from '../../src/compute/trainer/build-trainer.ts'

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
    own: { partition: { index: 0, count: 2 }, directory: '/', threads: 1 },
    ...changes,
  }
}

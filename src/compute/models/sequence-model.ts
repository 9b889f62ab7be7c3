import type { Model, SequenceModel } from './model.ts'
import type { ModelData } from './module-data.ts'

/** The same model, which says what it infers; with text it can continue a sequence. */
export function withLogits(model: Model, logits: NonNullable<Model['logits']>, data: ModelData): Model | SequenceModel {
  return {
    parameters: model.parameters,
    inputs: batchSize => model.inputs(batchSize),
    tokens: batchSize => model.tokens(batchSize),
    loss: (parameters, batch) => model.loss(parameters, batch),
    evaluate: (parameters, batch) => model.evaluate(parameters, batch),
    logits,
    ...(data.kind === 'text' && { context: data.context, vocabulary: data.vocabulary }),
  }
}

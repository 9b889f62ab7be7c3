/**
 * What a model's module gets as `@tensorflow/tfjs`: TensorFlow.js's union package, less the backends and the reading of
 * files.
 */
export * from '@tensorflow/tfjs-core'
export * from '@tensorflow/tfjs-layers'

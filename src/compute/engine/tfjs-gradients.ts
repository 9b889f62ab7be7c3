import { getGradient, Tensor } from '@tensorflow/tfjs-core'
import { importTfjs } from './import-tfjs.ts'

/**
 * Registers tfjs's gradient functions, and operations as methods of tensors, which some of them call: the bundle that
 * Node loads lacks both.
 */
export async function registerGradients(): Promise<void> {
  if (getGradient('Add') && 'reshape' in Tensor.prototype) return
  await importTfjs('register_all_gradients.js')
  await importTfjs('public/chained_ops/register_all_chained_ops.js')
}

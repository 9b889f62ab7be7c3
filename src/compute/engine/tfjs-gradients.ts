import { getGradient } from '@tensorflow/tfjs-core'
import { importTfjs } from './import-tfjs.ts'

/** Registers tfjs's gradient functions, which the bundle that Node loads lacks. */
export async function registerGradients(): Promise<void> {
  if (!getGradient('Add')) await importTfjs('register_all_gradients.js')
}

import { registerHooks } from 'node:module'
import { getGradient, Tensor } from '@tensorflow/tfjs-core'

/**
 * Registers tfjs's gradient functions, and operations as methods of tensors, which some of them call. The bundle that Node loads lacks them, and the modules that hold them import
 * one another without file extensions, which only bundlers resolve: a hook appends the extension while they load.
 * Those modules bring copies of tfjs-core's own with them; engine and registries are global, so the copies share them.
 */
export async function registerGradients(): Promise<void> {
  if (getGradient('Add') && 'reshape' in Tensor.prototype) return
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier.startsWith('.') && context.parentURL?.includes('/@tensorflow/tfjs-core/dist/')
        ? next(specifier.endsWith('.js') ? specifier : `${specifier}.js`, context)
        : next(specifier, context),
  })
  try {
    await import('@tensorflow/tfjs-core/dist/register_all_gradients.js')
    await import('@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js')
  } finally {
    hooks.deregister()
  }
}

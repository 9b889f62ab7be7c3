import { registerHooks } from 'node:module'

/**
 * Imports a module out of tfjs-core's folder `dist`. These import one another without file extensions, which only
 * bundlers resolve: a hook appends the extension while they load. They bring copies of tfjs-core's own modules with
 * them; its engine, registries and Tensor class are global, so the copies share them.
 */
export async function importTfjs(path: string): Promise<void> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier.startsWith('.') && context.parentURL?.includes('/@tensorflow/tfjs-core/dist/')
        ? next(specifier.endsWith('.js') ? specifier : `${specifier}.js`, context)
        : next(specifier, context),
  })
  try {
    await import(`@tensorflow/tfjs-core/dist/${path}`)
  } finally {
    hooks.deregister()
  }
}

import { registerHooks } from 'node:module'

/**
 * Functions of `node:util` that Node 23 removed and tfjs-node 4.22 calls, as they were documented. A source, because it
 * becomes a module that tfjs-node's own files load in the place of `util`: they look the functions up whenever a
 * kernel runs, so adding them to `util` itself would have to last for ever and would reach everybody.
 */
const source = `
const util = require('node:util')
const removed = {
  isArray: Array.isArray,
  isBoolean: value => typeof value === 'boolean',
  isBuffer: Buffer.isBuffer,
  isDate: util.types.isDate,
  isError: value => util.types.isNativeError(value) || value instanceof Error,
  isFunction: value => typeof value === 'function',
  isNull: value => value === null,
  isNullOrUndefined: value => value === null || value === undefined,
  isNumber: value => typeof value === 'number',
  isObject: value => value !== null && typeof value === 'object',
  isPrimitive: value => value === null || (typeof value !== 'object' && typeof value !== 'function'),
  isRegExp: util.types.isRegExp,
  isString: value => typeof value === 'string',
  isSymbol: value => typeof value === 'symbol',
  isUndefined: value => value === undefined,
}
module.exports = Object.setPrototypeOf(removed, util)
`

const file = 'murmur-legacy-util.cjs'

/** Runs `load` while the files of tfjs-node and tfjs-node-gpu that it loads get those functions with their `util`. */
export async function withLegacyUtil<T>(load: () => Promise<T>): Promise<T> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'util' && /\/@tensorflow\/tfjs-node(-gpu)?\//.test(context.parentURL ?? '')
        ? { url: new URL(file, context.parentURL).href, format: 'commonjs', shortCircuit: true }
        : next(specifier, context),
    load: (url, context, next) =>
      url.endsWith(`/${file}`) ? { format: 'commonjs', source, shortCircuit: true } : next(url, context),
  })
  try {
    return await load()
  } finally {
    hooks.deregister()
  }
}

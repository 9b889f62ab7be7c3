import { createHash } from 'node:crypto'
import { readFileSync, realpathSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MurmurError } from '../../core/errors.ts'
import { moduleError } from './module-error.ts'

export type ModuleExports = Readonly<Record<string, unknown>>

/** Which file a run's model is. */
export interface ModuleFile {
  /** Absolute. */
  path: string
  /** What the run expects, in hexadecimal; empty if it expects nothing yet. */
  sha256: string
}

/**
 * Where the file is that a specification names, absolute. The specification may be a stranger's: where links lead out of
 * the folder or into a `node_modules` the file is not looked at.
 * @param module relative to `folder`
 * @throws MurmurError `MODEL_MISSING` if there is no such file in the folder
 */
export function locateModule(module: string, folder: string): string {
  const path = resolve(folder, module)
  const [root, real] = [realPath(folder, path), realPath(path, path)]
  const parts = relative(root, real).split(sep)
  if (parts[0] === '..' || isAbsolute(parts.join(sep)) || parts.some(part => /^node_modules$/i.test(part))) {
    throw missing(path, `it is ${real}, elsewhere than below ${root}`)
  }
  return path
}

/**
 * The SHA-256 of a model's file.
 * @throws MurmurError `MODEL_MISSING` if it cannot be read, `MODEL_MISMATCH` if it is not the run's
 */
export function verifyModule({ path, sha256 }: ModuleFile): string {
  const found = createHash('sha256').update(readModule(path)).digest('hex')
  if (sha256 === '' || sha256 === found) return found
  throw new MurmurError({
    code: 'MODEL_MISMATCH',
    message: `The model ${path} is not the run's: expected the SHA-256 ${sha256}, got ${found}`,
    details: { path, expected: sha256, found },
  })
}

/**
 * Imports a model's file, after it was verified. Wherever it lies, it gets this program's own TensorFlow.js and
 * `murmuration`, because two copies of tfjs-core do not know each other's tensors.
 * @throws MurmurError `MODEL_MISSING`, `MODEL_MISMATCH`, `MODEL_INVALID` if it cannot be loaded
 */
export async function importModule(file: ModuleFile): Promise<ModuleExports> {
  const sha256 = verifyModule(file)
  const url = pathToFileURL(file.path)
  url.searchParams.set('sha256', sha256) // another content is another module, in one process too
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      context.parentURL === url.href
        ? next(
            ownCopy(specifier, file.path),
            ownPackage.test(specifier) ? { ...context, parentURL: import.meta.url } : context,
          )
        : next(specifier, context),
  })
  try {
    return (await import(url.href)) as ModuleExports
  } catch (error) {
    if (error instanceof MurmurError) throw error
    throw moduleError(file.path, `it cannot be loaded: ${error instanceof Error ? error.message : error}`, error)
  } finally {
    hooks.deregister()
  }
}

const ownPackage = /^@tensorflow\/|^murmuration$/

/** The specifier to resolve instead of the one in the model's file. */
function ownCopy(specifier: string, path: string): string {
  if (specifier.startsWith('.') || specifier.startsWith('file:') || isAbsolute(specifier)) {
    throw moduleError(path, `it imports ${specifier}: a model is one file, whose SHA-256 is all that peers compare`)
  }
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  if (specifier === '@tensorflow/tfjs') return `./tfjs.${extension}`
  return specifier === 'murmuration' ? `../../index.${extension}` : specifier
}

function readModule(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw missing(path, (cause as Error).message, cause)
  }
}

/** Without links, in the spelling of the file system. */
function realPath(path: string, module: string): string {
  try {
    return realpathSync.native(path)
  } catch (cause) {
    throw missing(module, (cause as Error).message, cause)
  }
}

function missing(path: string, problem: string, cause?: unknown): MurmurError {
  return new MurmurError({
    code: 'MODEL_MISSING',
    message: `The run's model ${path} is not here: ask whoever started the run for the file and name it with --model (${problem})`,
    details: { path },
    cause,
  })
}

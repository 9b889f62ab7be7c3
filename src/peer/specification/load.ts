import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { MurmurError } from '../../core/errors.ts'
import { withModelFile } from './model-file.ts'
import { parseSpecification } from './parse.ts'
import type { RunSpecification } from './schema.ts'

/**
 * Reads a specification's file, or fills in all defaults where there is none, and the hash of a model that is a module.
 * @param modelPath the file of such a model, if not where the specification says
 * @returns the specification, where its run directory is unless told otherwise, and where its model's file is
 * @throws MurmurError `SPECIFICATION_INVALID`, `MODEL_MISSING`, `MODEL_MISMATCH`, `USAGE` if the file cannot be read
 */
export async function loadSpecification(
  path: string | undefined,
  modelPath?: string,
): Promise<{ specification: RunSpecification; directory: string; model?: string }> {
  const text = path === undefined ? '' : await read(path)
  const parsed = parseSpecification(text, { path })
  const { specification, model } = withModelFile(parsed, modelPath, path === undefined ? '.' : dirname(path))
  return { specification, model, directory: join('runs', specification.name.replaceAll(/[^\w.-]+/g, '-')) }
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new MurmurError({
      code: 'USAGE',
      message:
        code === 'ENOENT'
          ? `There is no file ${path}: \`murmur init ${path}\` writes one`
          : `Cannot read ${path}: ${message}`,
      details: { path },
      cause,
    })
  }
}

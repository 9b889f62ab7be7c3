import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MurmurError } from '../../core/errors.ts'
import { parseSpecification } from './parse.ts'
import type { RunSpecification } from './schema.ts'

/**
 * Reads a specification's file, or fills in all defaults where there is none.
 * @returns the specification and where its run directory is unless told otherwise
 * @throws MurmurError `SPECIFICATION_INVALID`, `USAGE` if the file cannot be read
 */
export async function loadSpecification(
  path: string | undefined,
): Promise<{ specification: RunSpecification; directory: string }> {
  const text = path === undefined ? '' : await read(path)
  const specification = parseSpecification(text, { path })
  return { specification, directory: join('runs', specification.name.replaceAll(/[^\w.-]+/g, '-')) }
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

import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { TokenizerConfig } from '../compute/data/open-tokenizer.ts'
import { MurmurError } from '../core/errors.ts'
import type { ParameterLayout } from '../core/layout.ts'
import { storageError } from '../core/storage.ts'
import { type FoundCheckpoint, readCheckpoint } from '../peer/checkpoint/checkpoint.ts'
import { runPaths } from '../peer/checkpoint/run-directory.ts'
import { keptTokenizer } from '../peer/run-tokenizer.ts'
import { parseCanonical } from '../peer/specification/canonical.ts'
import type { RunSpecification } from '../peer/specification/schema.ts'
import type { Output } from './output.ts'

export interface OpenedCheckpoint extends FoundCheckpoint {
  specification: RunSpecification
  /** Of a model of text: with its file where the run directory keeps it, if it does. */
  tokenizer: TokenizerConfig | undefined
}

/**
 * Reads the checkpoint that a command was given: a file, or the newest good one of a run directory or a folder of
 * checkpoints. Warns of damaged ones passed over.
 * @throws MurmurError `CHECKPOINT_INVALID`, `STORAGE_FAILED`, `MESSAGE_INVALID` for one of another version of murmur
 */
export async function openCheckpoint(path: string, output: Output): Promise<OpenedCheckpoint> {
  const { checkpoints } = runPaths(path)
  const found = await readCheckpoint((await isDirectory(checkpoints)) ? checkpoints : path)
  for (const problem of found.problems) output.warn(problem.message)
  const specification = parseCanonical(found.state.specification)
  const { data } = specification
  // Checkpoints lie in a folder of the run directory.
  const directory = runPaths(dirname(dirname(resolve(found.path))))
  const tokenizer = data.kind === 'text' ? await keptTokenizer(directory, data.tokenizer) : undefined
  return { ...found, specification, tokenizer }
}

/** @throws MurmurError `CHECKPOINT_INVALID` unless the checkpoint holds as many parameters as its model has now */
export function requireParameters({ path, state }: OpenedCheckpoint, layout: ParameterLayout): void {
  const found = state.parameters.length
  if (found === layout.length) return
  throw new MurmurError({
    code: 'CHECKPOINT_INVALID',
    message: `The checkpoint ${path} has ${found} parameters: expected ${layout.length} for its model`,
    details: { path, found, expected: layout.length },
  })
}

/** False where there is nothing, or nothing that may be looked at. */
export async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw storageError('look at', path, error)
  }
}

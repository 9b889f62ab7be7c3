import { open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MurmurError } from '../../core/errors.ts'
import { isErrno, makeDirectory, storageError, syncDirectory } from '../../core/storage.ts'
import {
  type CheckpointState,
  type ExpectedCheckpoint,
  readCheckpointFile,
  writeCheckpointFile,
} from './checkpoint-file.ts'
import { invalidCheckpoint } from './safetensors.ts'

export interface WriteCheckpointInit {
  /** Checkpoints that remain, this one included. Must be >= 1. */
  keep: number
}

export interface WrittenCheckpoint {
  path: string
  bytes: number
  /** What did not go well without endangering the checkpoint: old files that could not be removed. */
  problems: readonly MurmurError[]
}

export interface FoundCheckpoint {
  path: string
  state: CheckpointState
  /** Newer checkpoints that had to be passed over. */
  problems: readonly MurmurError[]
}

/**
 * Writes a checkpoint into a folder, which is made if need be, so that a crash at any instant leaves either all of it
 * or nothing: into another file first, synced, then renamed. Older ones are removed only after that; newer ones, which a
 * peer that resumed from an older one may find, are left alone. One writer a folder at a time.
 * @throws MurmurError `STORAGE_FAILED`; what was there before is untouched then
 */
export async function writeCheckpoint(
  directory: string,
  state: CheckpointState,
  { keep }: WriteCheckpointInit,
): Promise<WrittenCheckpoint> {
  const path = join(directory, fileName(state.step))
  const temporary = `${path}${TEMPORARY}`
  try {
    await makeDirectory(directory)
    const bytes = await writeTemporary(temporary, state)
    await rename(temporary, path)
    await syncDirectory(directory)
    return { path, bytes, problems: await prune(directory, state.step, keep) }
  } catch (error) {
    // Half a file is of no use to anybody, and on a full disk its room is.
    await rm(temporary, { force: true }).catch(() => {})
    throw storageError('write the checkpoint', path, error)
  }
}

/**
 * Reads a checkpoint file, or the newest good one of a folder.
 * @throws MurmurError `CHECKPOINT_INVALID`, `RUN_MISMATCH`, `STORAGE_FAILED`
 */
export async function readCheckpoint(path: string, expected: ExpectedCheckpoint = {}): Promise<FoundCheckpoint> {
  if (!(await isDirectory(path))) return { path, state: await readCheckpointFile(path, expected), problems: [] }
  const found = await latestCheckpoint(path, expected)
  if (found) return found
  throw invalidCheckpoint(path, 'expected a folder with a file checkpoint-<step>.safetensors, found none')
}

/**
 * The newest good checkpoint of a folder, with a problem for each newer one that is damaged. Undefined when there has
 * never been one.
 * @throws MurmurError `CHECKPOINT_INVALID` when there are checkpoints and all are damaged, so that nobody starts over
 * without knowing; `RUN_MISMATCH`, `STORAGE_FAILED`
 */
export async function latestCheckpoint(
  directory: string,
  expected: ExpectedCheckpoint = {},
): Promise<FoundCheckpoint | undefined> {
  const problems: MurmurError[] = []
  for (const { name } of await listCheckpoints(directory)) {
    const path = join(directory, name)
    try {
      return { path, state: await readCheckpointFile(path, expected), problems }
    } catch (error) {
      if (!(error instanceof MurmurError) || error.code !== 'CHECKPOINT_INVALID') throw error
      problems.push(error)
    }
  }
  const [newest] = problems
  if (!newest) return undefined
  const others = problems.length > 1 ? `; nor can the ${problems.length - 1} before it` : ''
  throw new MurmurError({
    code: 'CHECKPOINT_INVALID',
    message: `${newest.message}${others}: move ${directory} away to start over`,
    details: { directory, problems: problems.map(problem => problem.message) },
  })
}

const TEMPORARY = '.tmp'

function fileName(step: number): string {
  return `checkpoint-${String(step).padStart(10, '0')}.safetensors`
}

/** Newest first. A folder that is not there has none. */
export async function listCheckpoints(directory: string): Promise<{ name: string; step: number }[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return []
    throw storageError('read the folder', directory, error)
  })
  return names
    .map(name => ({ name, step: Number(/^checkpoint-(\d{10,16})\.safetensors$/.exec(name)?.[1]) }))
    .filter(({ step }) => Number.isSafeInteger(step))
    .toSorted((a, b) => b.step - a.step)
}

async function writeTemporary(path: string, state: CheckpointState): Promise<number> {
  const file = await open(path, 'w')
  try {
    const bytes = await writeCheckpointFile(file, state)
    await file.sync()
    return bytes
  } finally {
    await file.close()
  }
}

/** Removes what is older than the `keep` newest up to `step`, and what crashes have left half written. */
async function prune(directory: string, step: number, keep: number): Promise<MurmurError[]> {
  const problems: MurmurError[] = []
  const older = (await listCheckpoints(directory)).filter(checkpoint => checkpoint.step < step)
  const names = await readdir(directory)
  const leftovers = names.filter(name => name.startsWith('checkpoint-') && name.endsWith(TEMPORARY))
  for (const name of [...older.slice(keep - 1).map(checkpoint => checkpoint.name), ...leftovers]) {
    const path = join(directory, name)
    await rm(path, { force: true }).catch((error: unknown) => {
      const problem = storageError('remove the old checkpoint', path, error)
      if (!(problem instanceof MurmurError)) throw problem
      problems.push(problem)
    })
  }
  return problems
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    throw storageError('read the checkpoint', path, error)
  }
}

import { open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { MurmurError } from '../../core/errors.ts'
import { type FileLock, lockHolder, tryLock } from '../../core/file-lock.ts'
import { isErrno, makeDirectory, storageError, syncDirectory } from '../../core/storage.ts'
import { canonicalSpecification, runId } from '../specification/canonical.ts'
import { parseSpecification } from '../specification/parse.ts'
import type { RunSpecification } from '../specification/schema.ts'

/** Where everything of one peer's part in one run lies. */
export interface RunPaths {
  /** The run directory itself, absolute. */
  readonly path: string
  /** The run's specification with all defaults. */
  readonly specification: string
  /** A copy of the run's tokenizer.json, where it has one. */
  readonly tokenizer: string
  /** The peer's private key. */
  readonly identity: string
  /** What the peer told of itself, one JSON object a line. */
  readonly events: string
  /** The folder of checkpoints. */
  readonly checkpoints: string
  /** Names the process that trains here. */
  readonly lock: string
}

/** A run directory that this process alone may write to, until it is closed. */
export interface RunDirectory extends RunPaths {
  /**
   * Makes this the directory of a run: writes its specification down, or sees that it is the one here. A run that left no
   * checkpoint makes room.
   * @throws MurmurError `RUN_MISMATCH` when the directory holds another run with checkpoints
   */
  claim(specification: RunSpecification): Promise<void>
  /** Lets other processes in. Idempotent. */
  close(): Promise<void>
}

export function runPaths(path: string): RunPaths {
  const root = resolve(path)
  return {
    path: root,
    specification: join(root, 'run.yaml'),
    tokenizer: join(root, 'tokenizer.json'),
    identity: join(root, 'identity.key'),
    events: join(root, 'events.jsonl'),
    checkpoints: join(root, 'checkpoints'),
    lock: join(root, 'lock'),
  }
}

/**
 * Makes the directory if need be and locks it against other processes.
 * @throws MurmurError `STORAGE_FAILED` when it cannot be written or another process is at work in it
 */
export async function openRunDirectory(path: string): Promise<RunDirectory> {
  const paths = runPaths(path)
  try {
    await makeDirectory(paths.checkpoints)
  } catch (error) {
    throw storageError('make the run directory', paths.path, error)
  }
  return new LockedRunDirectory(paths, await lockDirectory(paths.lock))
}

async function lockDirectory(path: string): Promise<FileLock> {
  const lock = await tryLock(path)
  if (lock) return lock
  const pid = await lockHolder(path)
  throw new MurmurError({
    code: 'STORAGE_FAILED',
    message: `The run directory is in use by process ${pid ?? 'unknown'} (${path}): stop it, or choose another directory`,
    details: { path, pid },
  })
}

/**
 * The specification of the run in a directory, or undefined when it holds none. Needs no lock.
 * @throws MurmurError `SPECIFICATION_INVALID`, `STORAGE_FAILED`
 */
export async function readRunSpecification(paths: RunPaths): Promise<RunSpecification | undefined> {
  try {
    return parseSpecification(await readFile(paths.specification, 'utf8'), { path: paths.specification })
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw storageError('read the specification', paths.specification, error)
  }
}

function changedModel({ model: here }: RunSpecification, { model: asked }: RunSpecification): string {
  const changed =
    here.kind === 'module' && asked.kind === 'module' && here.module === asked.module && here.sha256 !== asked.sha256
  return changed ? `; ${asked.module} has changed since` : ''
}

class LockedRunDirectory implements RunDirectory {
  readonly path: string
  readonly specification: string
  readonly tokenizer: string
  readonly identity: string
  readonly events: string
  readonly checkpoints: string
  readonly lock: string
  readonly #held: FileLock

  constructor(paths: RunPaths, held: FileLock) {
    this.path = paths.path
    this.specification = paths.specification
    this.tokenizer = paths.tokenizer
    this.identity = paths.identity
    this.events = paths.events
    this.checkpoints = paths.checkpoints
    this.lock = paths.lock
    this.#held = held
  }

  async claim(specification: RunSpecification): Promise<void> {
    const asked = runId(specification)
    const present = await readRunSpecification(this)
    if (!present) return await this.#write(specification, asked)
    const found = runId(present)
    if (found === asked) return
    if (await this.#isUntrained()) {
      // A run that came to nothing, often by a mistake that was mended since: its records stay, under its name.
      await this.#setAside(this.events, join(this.path, `events-${found}.jsonl`))
      await this.#setAside(this.tokenizer, join(this.path, `tokenizer-${found}.json`))
      return await this.#write(specification, asked)
    }
    throw new MurmurError({
      code: 'RUN_MISMATCH',
      message: `The run directory ${this.path} holds run ${found} ("${present.name}"): expected ${asked} ("${specification.name}"), or a directory without a run (--directory)${changedModel(present, specification)}`,
      details: { path: this.path, found, expected: asked },
    })
  }

  async close(): Promise<void> {
    await this.#held.release()
  }

  async #isUntrained(): Promise<boolean> {
    try {
      return (await readdir(this.checkpoints)).length === 0
    } catch (error) {
      throw storageError('look into', this.checkpoints, error)
    }
  }

  async #setAside(path: string, aside: string): Promise<void> {
    try {
      await rename(path, aside)
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw storageError('rename', path, error)
    }
  }

  async #write(specification: RunSpecification, id: string): Promise<void> {
    const head = `# Run ${id}, with all defaults. Written by murmur: another specification is another run.\n`
    const temporary = `${this.specification}.tmp`
    try {
      const file = await open(temporary, 'w')
      try {
        await file.writeFile(head + stringify(JSON.parse(canonicalSpecification(specification))))
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, this.specification)
      await syncDirectory(this.path)
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {})
      throw storageError('write the specification', this.specification, error)
    }
  }
}

import { open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { MurmurError } from '../../core/errors.ts'
import { isErrno, storageError } from '../../core/storage.ts'
import { runPaths } from '../../peer/checkpoint/run-directory.ts'

export interface EventFile {
  /** Absolute. */
  path: string
  /** The folder it is in, below the directory that is looked at; empty for the directory itself. */
  folder: string
  /** The id of the run that its folder names; undefined where it names none. */
  run: string | undefined
}

const EVENTS = basename(runPaths('.').events)

/** Folders below the directory that are looked into, and files of events that are taken. */
const MAX_DEPTH = 3
const MAX_FILES = 4096

/**
 * The files of events of a directory: one peer's, or a swarm's with a folder for each peer. A file of events itself is
 * taken too. @throws MurmurError `STORAGE_FAILED`
 */
export async function findEventFiles(path: string): Promise<EventFile[]> {
  const root = resolve(path)
  const isFile = (await inspect(root)).isFile()
  if (isFile) return [await eventFile(root, dirname(root))]
  const found: string[] = []
  await search(root, MAX_DEPTH, found)
  return await Promise.all(found.map(file => eventFile(file, root)))
}

/** @throws MurmurError `USAGE` if the files are of several runs */
export function requireOneRun(files: readonly EventFile[], path: string): void {
  const runs = new Map(files.flatMap(({ run, folder }) => (run === undefined ? [] : [[run, folder]])))
  if (runs.size <= 1) return
  const folders = [...runs.values()].slice(0, 4).map(folder => join(path, folder))
  throw new MurmurError({
    code: 'USAGE',
    message: `${path} holds ${runs.size} runs: choose the directory of one, such as ${folders.join(', ')}`,
    details: { path, runs: [...runs.keys()].slice(0, 16) },
  })
}

async function search(folder: string, depth: number, found: string[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return [] // removed meanwhile
    throw storageError('look into', folder, error)
  })
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    if (found.length >= MAX_FILES) return
    const path = join(folder, entry.name)
    if (entry.name === EVENTS && entry.isFile()) found.push(path)
    else if (entry.isDirectory() && depth > 0 && !isOther(entry.name)) await search(path, depth - 1, found)
  }
}

function isOther(folder: string): boolean {
  return folder.startsWith('.') || folder === 'node_modules' || folder === 'checkpoints'
}

async function eventFile(path: string, root: string): Promise<EventFile> {
  const folder = dirname(path)
  return { path, folder: relative(root, folder), run: await runOf(runPaths(folder).specification) }
}

/** The run's id stands in the first line that murmur writes. */
async function runOf(specification: string): Promise<string | undefined> {
  try {
    await using file = await open(specification)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0)
    return /^# Run ([0-9a-f]{32})\b/.exec(buffer.toString('latin1', 0, bytesRead))?.[1]
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw storageError('read the specification', specification, error)
  }
}

async function inspect(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    throw storageError('look at', path, error)
  }
}

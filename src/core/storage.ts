import { type FileHandle, mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { MurmurError } from './errors.ts'

const advice: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space and start again',
  EDQUOT: 'the disk quota is used up: free some space and start again',
  EROFS: 'the file system is read-only: choose another folder',
  EACCES: 'permission denied: give this user access or choose another folder',
  EPERM: 'not permitted: give this user access or choose another folder',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is a file: expected a folder',
  EISDIR: 'it is a folder: expected a file',
  EMFILE: 'too many files are open: raise the limit (ulimit -n)',
  EIO: 'the disk reports an error: check it, and choose another one',
}

/**
 * What a failed file operation means to the user, as a MurmurError `STORAGE_FAILED`. Errors of other kinds come back
 * as they are.
 * @param what the operation in the words of "Could not ...": "write the checkpoint"
 */
export function storageError(what: string, path: string, cause: unknown): unknown {
  const { code, syscall, message } = cause as NodeJS.ErrnoException
  if (!(cause instanceof Error) || !code || !syscall) return cause
  return new MurmurError({
    code: 'STORAGE_FAILED',
    message: `Could not ${what} ${path}: ${advice[code] ?? message} (${code})`,
    details: { path, cause: code },
    cause,
  })
}

export function isErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '')
}

/** Makes a folder and those above it. Fails with the reason: Node's own way says ENOENT for a read-only file system. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
    await mkdir(await firstMissing(path))
    throw error
  }
}

async function firstMissing(path: string): Promise<string> {
  const parent = dirname(path)
  const present = await stat(parent).catch(() => undefined)
  return present || parent === path ? path : await firstMissing(parent)
}

/** Makes renames and removals in a folder outlast a power cut, where the system knows how to. */
export async function syncDirectory(path: string): Promise<void> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, 'r')
    await handle.sync()
  } catch (error) {
    // Windows cannot open folders, and some file systems cannot sync them.
    if (!isErrno(error, 'EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP')) throw error
  } finally {
    await handle?.close()
  }
}

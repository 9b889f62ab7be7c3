import { createHash, randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { isErrno, storageError } from './storage.ts'

/** A lock file that names the process which holds it. */
export interface FileLock {
  /** Idempotent. */
  release(): Promise<void>
}

/** Who holds a lock: a process, and when it began where the system tells, since process ids are used again. */
interface Owner {
  pid: number
  began: string
  /** Tells two locks of one process apart. */
  token: string
}

/**
 * Takes a lock file for this process; undefined when a live process holds it. One whose process is gone is taken over.
 * Works among the processes of one machine.
 * @throws MurmurError `STORAGE_FAILED` when it cannot be written
 */
export async function tryLock(path: string): Promise<FileLock | undefined> {
  const began = await processBegan(process.pid)
  try {
    return await lock(path, JSON.stringify({ pid: process.pid, began, token: randomUUID() }))
  } catch (error) {
    throw storageError('write the lock', path, error)
  }
}

/** The process that holds a lock, if one does. */
export async function lockHolder(path: string): Promise<number | undefined> {
  const text = await read(path)
  return text === undefined ? undefined : ownerOf(text)?.pid
}

async function lock(path: string, text: string): Promise<FileLock | undefined> {
  // Two rounds: one to find a stale lock and put it away, one to take the lock.
  for (let round = 0; round < 2; round++) {
    if (await take(path, text)) return { release: () => release(path, text) }
    if (!(await removeStale(path, text))) return undefined
  }
  return undefined
}

/** A link appears with its whole content or not at all, and never in the place of another file. */
async function take(path: string, text: string): Promise<boolean> {
  const own = `${path}.${randomUUID()}`
  try {
    await writeFile(own, text, { flag: 'wx' })
    await link(own, path)
    return true
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(own, { force: true })
  }
}

/**
 * Removing needs a right of its own, a lock named after the content: otherwise one who has seen the stale lock could
 * remove the fresh one that another has put in its place meanwhile.
 * @returns false when a live process holds the lock
 */
async function removeStale(path: string, text: string): Promise<boolean> {
  const stale = await read(path)
  if (stale === undefined) return true
  if (await isAlive(ownerOf(stale))) return false
  const right = await lock(`${path}.${createHash('sha256').update(stale).digest('hex').slice(0, 16)}`, text)
  if (!right) return false // another one is at it, and will have the lock
  try {
    if ((await read(path)) === stale) await rm(path, { force: true })
  } finally {
    await right.release()
  }
  return true
}

async function release(path: string, text: string): Promise<void> {
  if ((await read(path)) === text) await rm(path, { force: true })
}

async function read(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(ignoreMissing)
}

function ownerOf(text: string): Owner | undefined {
  try {
    const { pid, began, token } = JSON.parse(text) as Partial<Owner>
    return Number.isSafeInteger(pid) && pid! > 0 ? { pid: pid!, began: String(began), token: String(token) } : undefined
  } catch {
    return undefined
  }
}

async function isAlive(owner: Owner | undefined): Promise<boolean> {
  if (!owner) return false
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    if (isErrno(error, 'ESRCH')) return false
  }
  return (await processBegan(owner.pid)) === owner.began
}

/** Boot and start time of a process on Linux; elsewhere nothing, and the process id alone decides. */
async function processBegan(pid: number): Promise<string> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    const status = await readFile(`/proc/${pid}/stat`, 'utf8')
    // Field 22 of proc(5); the name in field 2 may hold spaces and brackets.
    const ticks = status.slice(status.lastIndexOf(')') + 2).split(' ')[19]
    return `${boot.trim()}/${ticks}`
  } catch {
    return ''
  }
}

function ignoreMissing(error: unknown): undefined {
  if (isErrno(error, 'ENOENT')) return undefined
  throw error
}

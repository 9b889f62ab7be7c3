import { access, constants, statfs } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { errorToData } from '../../core/errors.ts'
import { formatBytes } from '../format.ts'
import type { Finding, Probe } from './finding.ts'

const LITTLE_MEMORY = 1e9
const LITTLE_DISK = 1e9

/** Cores, memory and the disk of the current folder. */
export const probeMachine: Probe = async () => {
  const cores = availableParallelism()
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  return [{ name: 'cores', status: 'ok', found: `${cores} (${model})` }, memory(), await disk(process.cwd())]
}

function memory(): Finding {
  const free = process.availableMemory()
  // A container's limit, not the machine's memory; 0 or astronomically large without one.
  const limit = process.constrainedMemory()
  const limited = limit > 0 && limit < 2 ** 50 ? `, limited to ${formatBytes(limit)}` : ''
  const found = `${formatBytes(free)} available${limited}`
  if (free >= LITTLE_MEMORY) return { name: 'memory', status: 'ok', found }
  return { name: 'memory', status: 'problem', found, remedy: 'use fewer peers or a smaller model' }
}

async function disk(folder: string): Promise<Finding> {
  try {
    const { bavail, bsize } = await statfs(folder)
    const free = bavail * bsize
    const found = `${formatBytes(free)} free in ${folder}`
    await access(folder, constants.W_OK)
    if (free >= LITTLE_DISK) return { name: 'disk', status: 'ok', found }
    return { name: 'disk', status: 'problem', found, remedy: 'free some space: a run keeps its checkpoints here' }
  } catch (error) {
    const found = errorToData(error, 'STORAGE_FAILED').message
    return { name: 'disk', status: 'problem', found, remedy: 'change to a folder that can be written' }
  }
}

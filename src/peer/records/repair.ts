import { type FileHandle, open } from 'node:fs/promises'

const CHUNK = 64 * 1024
const NEWLINE = 0x0a

/**
 * Makes a file of JSON lines end in a whole line, as it may not after a SIGKILL: a last line that only lacks its newline
 * gets it, a torn one is cut off. A missing file, a pipe or a device is left alone.
 */
export async function repairLastLine(path: string): Promise<void> {
  const file = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!file) return
  try {
    const status = await file.stat()
    if (!status.isFile() || status.size === 0) return
    const start = await lastLineStart(file, status.size)
    if (start === status.size) return
    const tail = Buffer.alloc(Math.min(status.size - start, CHUNK))
    await file.read(tail, 0, tail.length, start)
    if (start + tail.length === status.size && isJson(tail.toString())) await file.write('\n', status.size)
    else await file.truncate(start)
  } finally {
    await file.close()
  }
}

/** Offset after the last newline: the file's size if the last line is whole. */
async function lastLineStart(file: FileHandle, size: number): Promise<number> {
  const chunk = Buffer.alloc(CHUNK)
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - CHUNK)
    const { bytesRead } = await file.read(chunk, 0, end - start, start)
    const newline = chunk.subarray(0, bytesRead).lastIndexOf(NEWLINE)
    if (newline >= 0) return start + newline + 1
    end = start
  }
  return 0
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

import type { FileHandle } from 'node:fs/promises'
import { decodeHeader, decodePrefix, invalidCheckpoint, PREFIX_BYTES, type SafetensorsHeader } from './safetensors.ts'

/** The header of an open file, as bytes and as what they say. */
export interface ReadHeader {
  prefix: Uint8Array
  json: Uint8Array
  header: SafetensorsHeader
  /** Where the first value is in the file. */
  start: number
}

/** @throws MurmurError `CHECKPOINT_INVALID` when the file is cut short or no safetensors file */
export async function readHeader(file: FileHandle, path: string): Promise<ReadHeader> {
  const { size } = await file.stat()
  const prefix = new Uint8Array(PREFIX_BYTES)
  await readAll(file, prefix.subarray(0, Math.min(size, PREFIX_BYTES)), 0, path)
  const json = new Uint8Array(decodePrefix(prefix, size, path))
  await readAll(file, json, PREFIX_BYTES, path)
  const start = PREFIX_BYTES + json.length
  return { prefix, json, header: decodeHeader(json, size - start, path), start }
}

/** Fills `bytes` from a position of the file. @throws MurmurError `CHECKPOINT_INVALID` when it ends before */
export async function readAll(file: FileHandle, bytes: Uint8Array, position: number, path: string): Promise<void> {
  for (let read = 0; read < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, read, bytes.length - read, position + read)
    if (bytesRead === 0)
      throw invalidCheckpoint(path, `expected ${position + bytes.length} bytes, found ${position + read}`)
    read += bytesRead
  }
}

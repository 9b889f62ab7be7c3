import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { MurmurError } from '../../core/errors.ts'

/** An array of unsigned bytes in the IDX format of the MNIST files (Y. LeCun, yann.lecun.com/exdb/mnist). */
export interface IdxArray {
  shape: readonly number[]
  values: Uint8Array
}

/** Largest unpacked file, in bytes: ten times MNIST's training images. */
const LARGEST = 512 * 1024 * 1024
const UNSIGNED_BYTE = 0x08

/**
 * Reads an IDX file of unsigned bytes, plain or gzipped.
 * @throws MurmurError `CORPUS_MISSING` when there is no such IDX file, `CORPUS_TOO_SMALL` when it is cut short
 */
export function readIdx(path: string, rank: number): IdxArray {
  const bytes = readUnpacked(path)
  const headerBytes = 4 + 4 * rank
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0 || bytes[2] !== UNSIGNED_BYTE || bytes[3] !== rank) {
    const found = bytes.subarray(0, 4).toString('hex')
    throw missing(path, `expected an IDX file of unsigned bytes in ${rank} dimensions, found a header 0x${found}`)
  }
  if (bytes.length < headerBytes) throw cutShort(path, headerBytes, bytes.length)
  const shape = Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(4 + 4 * i))
  const expected = headerBytes + shape.reduce((product, size) => product * size, 1)
  if (bytes.length < expected) throw cutShort(path, expected, bytes.length)
  if (bytes.length > expected) throw missing(path, `expected ${expected} bytes by its header, found ${bytes.length}`)
  return { shape, values: bytes.subarray(headerBytes) }
}

function readUnpacked(path: string): Buffer {
  try {
    const bytes = readFileSync(path)
    const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b
    return gzipped ? gunzipSync(bytes, { maxOutputLength: LARGEST }) : bytes
  } catch (cause) {
    throw missing(path, (cause as Error).message, cause)
  }
}

function missing(path: string, problem: string, cause?: unknown): MurmurError {
  return new MurmurError({
    code: 'CORPUS_MISSING',
    message: `No data in ${path}: ${problem}`,
    details: { path },
    cause,
  })
}

function cutShort(path: string, expected: number, found: number): MurmurError {
  return new MurmurError({
    code: 'CORPUS_TOO_SMALL',
    message: `The IDX file ${path} is cut short: expected ${expected} bytes by its header, found ${found}`,
    details: { path, expected, found },
  })
}

import * as z from 'zod'
import { MurmurError } from '../../core/errors.ts'

/**
 * The header of a safetensors file (github.com/huggingface/safetensors): a length in 8 bytes, little-endian, then JSON,
 * then the tensors' values, little-endian as every machine Node runs on. Murmuration writes float32 alone.
 */
export interface SafetensorsHeader {
  metadata: Readonly<Record<string, string>>
  /** In the order of their values. */
  tensors: readonly PlacedTensor[]
}

export interface StoredTensor {
  name: string
  shape: readonly number[]
}

export interface PlacedTensor extends StoredTensor {
  dtype: TensorDtype
  /** First byte after the header. */
  begin: number
}

/** Bytes of an element. */
const elementBytes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
} as const

export type TensorDtype = keyof typeof elementBytes

/** Bytes of the length in front of the JSON. */
export const PREFIX_BYTES = 8
/** Largest JSON that is read, in bytes: some hundred thousand tensors. */
const LARGEST_HEADER = 16 * 1024 * 1024

const entrySchema = z.strictObject({
  dtype: z.enum(Object.keys(elementBytes) as TensorDtype[]),
  shape: z.array(z.int().min(0)).max(16),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
})
const headerSchema = z.record(z.string(), z.unknown())
const metadataSchema = z.record(z.string(), z.string())

/** The prefix and the JSON, padded so that the values begin at a multiple of 8. */
export function encodeHeader({
  tensors,
  metadata,
}: Pick<SafetensorsHeader, 'metadata'> & { tensors: readonly StoredTensor[] }): Uint8Array<ArrayBuffer> {
  let end = 0
  const entries = tensors.map(({ name, shape }) => {
    const begin = end
    end += 4 * elements(shape)
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype: 'F32', shape, data_offsets: [begin, end] })}`
  })
  const json = new TextEncoder().encode(`{${[`"__metadata__":${JSON.stringify(metadata)}`, ...entries].join(',')}}`)
  const padded = Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(PREFIX_BYTES + padded).fill(0x20, PREFIX_BYTES)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true)
  bytes.set(json, PREFIX_BYTES)
  return bytes
}

/**
 * Reads the length of the JSON.
 * @throws MurmurError `CHECKPOINT_INVALID` when a file of `fileBytes` cannot hold it
 */
export function decodePrefix(prefix: Uint8Array, fileBytes: number, path: string): number {
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.length)
  const length = fileBytes < PREFIX_BYTES ? 0n : view.getBigUint64(0, true)
  if (length < 2n)
    throw invalidCheckpoint(path, `expected a safetensors file, found ${fileBytes} bytes without a header`)
  if (length > LARGEST_HEADER || Number(length) + PREFIX_BYTES > fileBytes) {
    throw invalidCheckpoint(
      path,
      `expected a header of ${length} bytes, found a file of ${fileBytes}: it is cut short or no safetensors file`,
    )
  }
  return Number(length)
}

/**
 * Reads the JSON and checks that the tensors fill `dataBytes` without gap or overlap.
 * @throws MurmurError `CHECKPOINT_INVALID`
 */
export function decodeHeader(json: Uint8Array, dataBytes: number, path: string): SafetensorsHeader {
  const { __metadata__, ...rest } = parse(json, path)
  const metadata = metadataSchema.safeParse(__metadata__ ?? {})
  if (!metadata.success) throw invalidCheckpoint(path, 'expected metadata of strings alone')
  const entries = Object.entries(rest)
    .map(([name, value]) => readEntry(name, value, path))
    .toSorted((a, b) => a.begin - b.begin || a.end - b.end)
  let expected = 0
  for (const { name, begin, end } of entries) {
    if (begin !== expected) {
      throw invalidCheckpoint(path, `expected the values of tensor ${name} at byte ${expected}, found ${begin}`)
    }
    expected = end
  }
  if (expected !== dataBytes) throw invalidCheckpoint(path, `expected ${expected} bytes of values, found ${dataBytes}`)
  return { metadata: metadata.data, tensors: entries.map(({ end: _, ...tensor }) => tensor) }
}

/** Number of values in a tensor. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** One line on what is wrong with a file. `problem` says what was expected and what was found. */
export function invalidCheckpoint(path: string, problem: string): MurmurError {
  return new MurmurError({
    code: 'CHECKPOINT_INVALID',
    message: `The checkpoint ${path} cannot be used: ${problem}`,
    details: { path, problem },
  })
}

function readEntry(name: string, value: unknown, path: string) {
  const entry = entrySchema.safeParse(value)
  if (!entry.success)
    throw invalidCheckpoint(path, `expected tensor ${name} to have a known dtype, shape and data_offsets`)
  const { dtype, shape, data_offsets } = entry.data
  const [begin, end] = data_offsets
  const expected = elementBytes[dtype] * elements(shape)
  if (end - begin !== expected) {
    throw invalidCheckpoint(path, `expected ${expected} bytes for tensor ${name} [${shape}], found ${end - begin}`)
  }
  return { name, dtype, shape, begin, end }
}

function parse(json: Uint8Array, path: string): Record<string, unknown> {
  try {
    return headerSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json)))
  } catch {
    throw invalidCheckpoint(path, 'expected its header to be JSON: it is altered or no safetensors file')
  }
}

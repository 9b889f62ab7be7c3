import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import * as z from 'zod'
import { MurmurError } from '../../core/errors.ts'
import { sharedFloats } from '../../core/parameters.ts'
import type { RandomState } from '../../core/random.ts'
import { storageError } from '../../core/storage.ts'
import {
  elements,
  encodeHeader,
  invalidCheckpoint,
  type PlacedTensor,
  type SafetensorsHeader,
  type StoredTensor,
} from './safetensors.ts'
import { readAll, readHeader } from './safetensors-file.ts'

/** Everything a peer needs to go on exactly where it was. */
export interface CheckpointState {
  /** The model's tensors in the order of the flat vectors: a layout's `tensors`. */
  tensors: readonly StoredTensor[]
  parameters: Float32Array
  /** The optimizer's state vectors by name, each as long as the parameters. */
  optimizer: Readonly<Record<string, Float32Array>>
  /** Local steps finished. */
  step: number
  /** Updates since the optimizer's state was zero. */
  optimizerAge: number
  /** Tokens trained on. */
  tokens: number
  /** Where the batch source stands. */
  batches: RandomState
  runId: string
  /** The run's canonical specification. */
  specification: string
}

/** What the reader knows of the checkpoint it wants. */
export interface ExpectedCheckpoint {
  runId?: string
  /** The model's tensors: a layout's `tensors`. */
  tensors?: readonly StoredTensor[]
}

/** What transformers of Hugging Face wants to find: without it, it refuses the file. */
const FORMAT = 'pt'
const KIND = 'murmuration-checkpoint-2'
/** In the place of the hash while it is computed: as long as the hash, so that the header keeps its length. */
const NO_HASH = '0'.repeat(64)
/** Bytes copied, hashed and written or read at a time: the other work of this thread waits for one of them at most. */
const CHUNK = 1024 * 1024

const whole = z
  .string()
  .regex(/^\d{1,16}$/)
  .transform(Number)
  .refine(Number.isSafeInteger)
const listed = <T extends z.ZodType>(schema: T) => z.preprocess(text => JSON.parse(String(text)) as unknown, schema)
const word = z.int().min(0).max(0xffffffff)
const metadataSchema = z.object({
  checkpoint: z.literal(KIND),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  runId: z.string().min(1),
  specification: z.string().min(1),
  step: whole,
  optimizerAge: whole,
  tokens: whole,
  batches: listed(z.tuple([word, word, word, word])),
  optimizer: listed(z.array(z.string().regex(/^\w+$/)).max(16)),
})

/**
 * Writes a checkpoint into an open, empty file, with a SHA-256 of the whole of it in its metadata. Copies one chunk at a
 * time, so vectors that change meanwhile do no harm to the hash; the caller sees to it that they do not.
 * @returns the file's size in bytes
 */
export async function writeCheckpointFile(file: FileHandle, state: CheckpointState): Promise<number> {
  const names = Object.keys(state.optimizer)
  const encode = (sha256: string) =>
    encodeHeader({
      tensors: storedTensors(state.tensors, names),
      metadata: {
        format: FORMAT,
        checkpoint: KIND,
        sha256,
        runId: state.runId,
        specification: state.specification,
        step: String(state.step),
        optimizerAge: String(state.optimizerAge),
        tokens: String(state.tokens),
        batches: JSON.stringify(state.batches),
        optimizer: JSON.stringify(names),
      },
    })
  const header = encode(NO_HASH)
  const hash = createHash('sha256').update(header)
  let position = header.length
  const staging = new Uint8Array(CHUNK)
  for (const vector of [state.parameters, ...Object.values(state.optimizer)]) {
    const bytes = bytesOf(vector)
    for (let start = 0; start < bytes.length; start += CHUNK) {
      const chunk = staging.subarray(0, Math.min(CHUNK, bytes.length - start))
      chunk.set(bytes.subarray(start, start + chunk.length))
      hash.update(chunk)
      await writeAll(file, chunk, position)
      position += chunk.length
    }
  }
  await writeAll(file, encode(hash.digest('hex')), 0)
  return position
}

/**
 * Reads a checkpoint and checks all of it. The vectors lie over SharedArrayBuffers, ready for a trainer.
 * @throws MurmurError `CHECKPOINT_INVALID` when it is cut short, altered or of another model, `RUN_MISMATCH` when it is
 * of another run, `STORAGE_FAILED` when it cannot be read
 */
export async function readCheckpointFile(path: string, expected: ExpectedCheckpoint = {}): Promise<CheckpointState> {
  let file: FileHandle | undefined
  try {
    file = await open(path, 'r')
    return await readOpenFile(file, path, expected)
  } catch (error) {
    throw storageError('read the checkpoint', path, error)
  } finally {
    await file?.close()
  }
}

async function readOpenFile(file: FileHandle, path: string, expected: ExpectedCheckpoint): Promise<CheckpointState> {
  const { prefix, json, header, start } = await readHeader(file, path)
  const { checkpoint: _, sha256, optimizer: names, ...rest } = readMetadata(header, path)
  const tensors = ownTensors(header.tensors, names, path)
  requireExpected({ ...rest, tensors }, expected, path)

  const hash = createHash('sha256').update(prefix).update(withoutHash(json, sha256))
  const length = tensors.reduce((sum, tensor) => sum + elements(tensor.shape), 0)
  let position = start
  const readVector = async () => {
    const vector = sharedFloats(length)
    await readHashed(file, bytesOf(vector), position, hash, path)
    position += vector.byteLength
    return vector
  }
  const parameters = await readVector()
  const optimizer: Record<string, Float32Array> = {}
  for (const name of names) optimizer[name] = await readVector()
  if (hash.digest('hex') !== sha256) {
    throw invalidCheckpoint(path, `its content does not have the SHA-256 in its metadata, ${sha256}: it is altered`)
  }
  return { ...rest, tensors, parameters, optimizer }
}

/** The tensors of a file: the model's own, then once more for each state vector of the optimizer. */
function storedTensors(tensors: readonly StoredTensor[], names: readonly string[]): StoredTensor[] {
  const state = names.flatMap(name =>
    tensors.map(tensor => ({ name: `optimizer.${name}.${tensor.name}`, shape: tensor.shape })),
  )
  return [...tensors.map(({ name, shape }) => ({ name, shape })), ...state]
}

function ownTensors(stored: readonly PlacedTensor[], names: readonly string[], path: string): readonly StoredTensor[] {
  const strange = stored.find(({ dtype }) => dtype !== 'F32')
  if (strange)
    throw invalidCheckpoint(path, `expected tensor ${strange.name} to have dtype F32, found ${strange.dtype}`)
  const tensors = stored.slice(0, stored.length / (1 + names.length)).map(({ name, shape }) => ({ name, shape }))
  const difference = firstDifference(storedTensors(tensors, names), stored)
  if (difference) throw invalidCheckpoint(path, `its optimizer state does not match its parameters: ${difference}`)
  return tensors
}

function requireExpected(
  found: { runId: string; tensors: readonly StoredTensor[] },
  expected: ExpectedCheckpoint,
  path: string,
): void {
  if (expected.runId !== undefined && expected.runId !== found.runId) {
    throw new MurmurError({
      code: 'RUN_MISMATCH',
      message: `The checkpoint ${path} is of run ${found.runId}: expected ${expected.runId}`,
      details: { path, found: found.runId, expected: expected.runId },
    })
  }
  const difference = expected.tensors && firstDifference(expected.tensors, found.tensors)
  if (difference) throw invalidCheckpoint(path, `it is of another model: ${difference}`)
}

function firstDifference(expected: readonly StoredTensor[], found: readonly StoredTensor[]): string | undefined {
  const say = (tensor: StoredTensor | undefined) => (tensor ? `${tensor.name} [${tensor.shape}]` : 'nothing')
  for (let i = 0; i < Math.max(expected.length, found.length); i++) {
    const [wanted, got] = [say(expected[i]), say(found[i])]
    if (wanted !== got) return `expected ${wanted}, found ${got}`
  }
  return undefined
}

function readMetadata({ metadata }: SafetensorsHeader, path: string) {
  if (metadata.checkpoint !== KIND) {
    const found = metadata.checkpoint ?? metadata.format ?? 'none'
    throw invalidCheckpoint(path, `expected a ${KIND}, found ${found}: --weights starts a run from other weights`)
  }
  try {
    return metadataSchema.parse(metadata)
  } catch {
    throw invalidCheckpoint(path, 'its metadata is incomplete or altered')
  }
}

/** The JSON as it was when the hash was computed. */
function withoutHash(json: Uint8Array, sha256: string): Buffer {
  const bytes = Buffer.from(json)
  const key = '"sha256":"'
  const at = bytes.indexOf(key + sha256)
  if (at >= 0) bytes.write(NO_HASH, at + key.length)
  return bytes
}

function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await file.write(bytes, written, bytes.length - written, position + written)).bytesWritten
  }
}

async function readHashed(file: FileHandle, bytes: Uint8Array, position: number, hash: Hash, path: string) {
  for (let start = 0; start < bytes.length; start += CHUNK) {
    const chunk = bytes.subarray(start, start + CHUNK)
    await readAll(file, chunk, position + start, path)
    hash.update(chunk)
  }
}

import { sharedFloats } from './parameters.ts'
import { type Loops, loopsIn, PAGE, reserveMemory, SCRATCH_BYTES, type SharedMemory } from './simd/loops.ts'

/**
 * Where long-lived vectors lie so that the loops in WebAssembly SIMD reach them: those see one memory, so whatever is
 * combined with each other must lie in one arena. Threads share it. Nothing in it is ever freed but the whole.
 *
 * It holds 4 GiB; beyond, and where WebAssembly lacks the memory or SIMD, its vectors lie elsewhere, and the plain
 * loops serve them: slower, with the same results to the bit.
 */
export interface Arena {
  /** Sent to another thread, `createArena(memory)` there is the same arena. Undefined if there is none. */
  readonly memory: SharedMemory | undefined
  /** A vector of zeros. Takes whole pages of 64 KiB. */
  floats(length: number): Float32Array<SharedArrayBuffer>
  /** What to send to a thread that has the same arena: a vector itself would arrive there as one from elsewhere. */
  locate(vector: Float32Array<SharedArrayBuffer>): VectorLocation
  /** The vector that another thread located. */
  at(location: VectorLocation): Float32Array<SharedArrayBuffer>
}

/** A vector in an arena, or one from elsewhere itself. */
export type VectorLocation = { byteOffset: number; length: number } | Float32Array<SharedArrayBuffer>

/** Loops, and bytes that each call may use, in one thread. */
export interface Simd {
  loops: Loops
  scratch: Uint8Array<SharedArrayBuffer>
}

/** By every buffer that an arena's memory has had: it gets a longer one when it grows. */
const simdOfBuffer = new WeakMap<ArrayBufferLike, Simd>()

/**
 * The loops that reach all of these, if there are such.
 * @param count values that they will be asked to read or write of each
 * @throws RangeError if a vector has less
 */
export function simdFor(count: number, ...vectors: readonly ArrayBufferView[]): Simd | undefined {
  const simd = simdOfBuffer.get(vectors[0]!.buffer)
  for (const vector of vectors) {
    if (vector.byteLength < 4 * count) throw new RangeError(`Expected ${count} values, got ${vector.byteLength / 4}`)
    if (simdOfBuffer.get(vector.buffer) !== simd) return undefined
  }
  return simd
}

/** @param memory that of an arena made in another thread; else the arena is a new one */
export function createArena(memory: SharedMemory | undefined = reserveMemory()): Arena {
  const loops = memory && loopsIn(memory)
  const at = memory && loops && allocate(memory, SCRATCH_BYTES)
  if (!memory || !loops || at === undefined) return nowhere
  return new WasmArena(memory, { loops, scratch: new Uint8Array(memory.buffer, at, SCRATCH_BYTES) })
}

/** Growing is what hands out addresses: one step for all threads, so that nothing else need be kept. */
function allocate(memory: SharedMemory, bytes: number): number | undefined {
  try {
    return memory.grow(Math.ceil(bytes / PAGE)) * PAGE
  } catch {
    return undefined
  }
}

class WasmArena implements Arena {
  readonly memory: SharedMemory
  readonly #simd: Simd

  constructor(memory: SharedMemory, simd: Simd) {
    this.memory = memory
    this.#simd = simd
  }

  floats(length: number): Float32Array<SharedArrayBuffer> {
    const byteOffset = allocate(this.memory, 4 * length)
    return byteOffset === undefined ? sharedFloats(length) : this.at({ byteOffset, length })
  }

  locate(vector: Float32Array<SharedArrayBuffer>): VectorLocation {
    if (simdOfBuffer.get(vector.buffer) !== this.#simd) return vector
    return { byteOffset: vector.byteOffset, length: vector.length }
  }

  at(location: VectorLocation): Float32Array<SharedArrayBuffer> {
    if (location instanceof Float32Array) return location
    const { buffer } = this.memory
    simdOfBuffer.set(buffer, this.#simd)
    return new Float32Array(buffer, location.byteOffset, location.length)
  }
}

/** What stands for an arena where there can be none: its vectors are shared, but lie each by itself. */
const nowhere: Arena = {
  memory: undefined,
  floats: sharedFloats,
  locate: vector => vector,
  at(location) {
    if (location instanceof Float32Array) return location
    throw new RangeError('Expected a vector: there is no arena in this thread')
  },
}

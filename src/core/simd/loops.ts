import { loopsModule } from './module.ts'

/** Memory of WebAssembly that threads share. TypeScript declares it for browsers alone. */
export interface SharedMemory {
  /** Another, longer one after the memory has grown; older ones stay valid. */
  readonly buffer: SharedArrayBuffer
  /** Returns the pages there were before, at once for all threads. @throws RangeError beyond the maximum */
  grow(pages: number): number
}

declare const WebAssembly: {
  Memory: new (init: { initial: number; maximum: number; shared: true }) => SharedMemory
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: { env: { memory: SharedMemory } }) => { exports: Loops }
}

/** Bytes. */
export const PAGE = 65536

/** 4 GiB less a page, so that where the last vector ends is still a 32-bit address. */
const MOST_PAGES = 65535

/** Bytes that a loop may need beside its vectors: the counters of `topK` are the most. */
export const SCRATCH_BYTES = 4 * (2 ** 16 + 2 ** 15)

/**
 * The functions of assembly/loops.ts over one shared memory. Addresses are bytes in it, counts are float32 values. What
 * they compute is said where each is called, beside its reference in TypeScript.
 */
export interface Loops {
  adamw(
    parameters: number,
    gradients: number,
    moment1: number,
    moment2: number,
    count: number,
    scale: number,
    beta1: number,
    gain1: number,
    beta2: number,
    gain2: number,
    epsilon: number,
    rate: number,
    decay: number,
  ): void
  momentum(
    parameters: number,
    gradients: number,
    velocity: number,
    count: number,
    scale: number,
    keep: number,
    rate: number,
  ): void
  triad(target: number, a: number, b: number, count: number, scale: number): void
  sumOfSquares(values: number, count: number): number
  allFinite(values: number, count: number): 0 | 1
  halfCorrection(received: number, own: number, bounds: number, count: number): number
  encodeInt8(values: number, count: number, out: number): number
  decodeInt8(bytes: number, into: number, count: number): number
  topK(values: number, count: number, k: number, into: number, counts: number): void
}

/**
 * Reserves addresses for 4 GiB and takes none of it yet. Undefined where there is no WebAssembly (`--jitless`) or so many
 * addresses are not to be had.
 */
export function reserveMemory(): SharedMemory | undefined {
  try {
    return new WebAssembly.Memory({ initial: 0, maximum: MOST_PAGES, shared: true })
  } catch {
    return undefined
  }
}

/** Undefined where the processor lacks SIMD. */
export function loopsIn(memory: SharedMemory): Loops | undefined {
  try {
    const module = new WebAssembly.Module(Buffer.from(loopsModule, 'base64'))
    return new WebAssembly.Instance(module, { env: { memory } }).exports
  } catch {
    return undefined
  }
}

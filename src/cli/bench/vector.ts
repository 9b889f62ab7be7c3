import { setImmediate } from 'node:timers/promises'
import { adamw } from '../../compute/optim/adamw.ts'
import { sgd } from '../../compute/optim/sgd.ts'
import { createArena, type Simd, simdFor } from '../../core/arena.ts'
import { MurmurError } from '../../core/errors.ts'
import { layoutParameters } from '../../core/layout.ts'
import { median } from '../../core/median.ts'
import { sharedFloats } from '../../core/parameters.ts'
import { random } from '../../core/random.ts'
import { topK } from '../../core/top-k.ts'
import { addScaled, sumOfSquares } from '../../core/vector.ts'
import { boundsLength } from '../../exchange/compression/codec.ts'
import { int8 } from '../../exchange/compression/int8.ts'
import { halfCorrection } from '../../exchange/pairing/correction.ts'

export interface VectorBenchmark {
  /** Of each vector. */
  values: number
  /** 10^9 bytes read and written a second: the better of the next two. */
  bandwidthGBps: number
  /** target = values, by `set`. */
  copyGBps: number
  /** target = a + s b, in SIMD. */
  triadGBps: number
  loops: Record<LoopName, LoopBenchmark>
}

interface LoopBenchmark {
  /** Bytes that a value costs to read and to write, each once. */
  bytes: number
  /** Nanoseconds a value, in plain TypeScript. */
  plainNs: number
  /** Nanoseconds a value, in WebAssembly SIMD. */
  simdNs: number
  GBps: number
  /** Of the bandwidth. A loop that writes where it has read may exceed 1: nothing is fetched only to be overwritten. */
  fraction: number
}

type LoopName = keyof typeof loops

const ROUNDS = 9
/** Of the values that top-k picks. */
const TOP = 0.01
const ENCODED = int8.encodedLength(256) / 256

interface Vectors {
  parameters: Float32Array<SharedArrayBuffer>
  gradients: Float32Array<SharedArrayBuffer>
  moment: Float32Array<SharedArrayBuffer>
  squares: Float32Array<SharedArrayBuffer>
  bounds: Float32Array<SharedArrayBuffer>
  encoded: Uint8Array<SharedArrayBuffer>
  places: Uint32Array<SharedArrayBuffer>
}

interface Loop {
  bytes: number
  /** The loop over vectors of an arena, with `simd`, or over plain ones. Called once; what it returns is timed. */
  over(vectors: Vectors, simd: Simd | undefined): () => unknown
}

const loops = {
  adamw: {
    bytes: 28,
    over({ parameters, gradients, moment, squares }) {
      const optimizer = adamw(layoutParameters([{ name: 'all', shape: [1, parameters.length], group: 0 }]))
      let age = 0
      return () => optimizer.update(parameters, gradients, [moment, squares], 1e-6, age++, 0.5)
    },
  },
  momentum: {
    bytes: 20,
    over: ({ parameters, gradients, moment }) => {
      const optimizer = sgd()
      return () => optimizer.update(parameters, gradients, [moment], 1e-6, 0, 0.5)
    },
  },
  clip: {
    bytes: 4,
    over:
      ({ gradients }) =>
      () =>
        sumOfSquares(gradients),
  },
  delta: {
    bytes: 12,
    over:
      ({ parameters, gradients }) =>
      () =>
        addScaled(parameters, gradients, 1e-6),
  },
  mix: {
    bytes: 12 + 4 / 256,
    over:
      ({ moment, parameters, bounds }) =>
      () =>
        halfCorrection(moment, parameters, bounds),
  },
  int8Encode: {
    bytes: 4 + ENCODED,
    over({ gradients, encoded }, simd) {
      if (!simd) return () => consume(int8.encode(gradients))
      return () => simd.loops.encodeInt8(gradients.byteOffset, gradients.length, encoded.byteOffset)
    },
  },
  int8Decode: {
    bytes: 4 + ENCODED,
    over({ moment, encoded }, simd) {
      if (!simd) return () => int8.decoder(moment).write(encoded)
      return () => simd.loops.decodeInt8(encoded.byteOffset, moment.byteOffset, moment.length)
    },
  },
  int8Send: {
    bytes: 4 + ENCODED,
    over:
      ({ gradients }) =>
      () =>
        consume(int8.encode(gradients)),
  },
  int8Receive: {
    bytes: 4 + ENCODED,
    over:
      ({ moment, encoded }) =>
      () =>
        int8.decoder(moment).write(encoded),
  },
  topK: {
    bytes: 4 + 4 * TOP,
    over:
      ({ gradients, places }) =>
      () =>
        topK(gradients, places),
  },
} satisfies Record<string, Loop>

/** Medians of interleaved rounds, bandwidth among them. @throws MurmurError `BACKEND_UNAVAILABLE` */
export async function benchmarkVector(values: number, signal: AbortSignal): Promise<VectorBenchmark> {
  const arena = createArena()
  const fast = vectorsIn(length => arena.floats(length), values)
  const plain = vectorsIn(sharedFloats, values)
  const simd = simdFor(0, ...Object.values(fast))
  if (!simd) throw new MurmurError({ code: 'BACKEND_UNAVAILABLE', message: 'No WebAssembly SIMD, or no memory for it' })
  const { moment, parameters, gradients } = fast
  const [m, w, g] = [moment.byteOffset, parameters.byteOffset, gradients.byteOffset]
  const tasks: Record<string, () => unknown> = {
    copy: () => moment.set(gradients),
    triad: () => simd.loops.triad(m, w, g, values, 0.5),
  }
  for (const [name, { over }] of Object.entries<Loop>(loops)) {
    tasks[`simd ${name}`] = over(fast, simd)
    tasks[`plain ${name}`] = over(plain, undefined)
  }
  const ns = await timeInTurns(tasks, values, signal)
  const copyGBps = 8 / ns.copy!
  const triadGBps = 12 / ns.triad!
  const bandwidthGBps = Math.max(copyGBps, triadGBps)
  const benchmarks = Object.entries<Loop>(loops).map(([name, { bytes }]) => {
    const [plainNs, simdNs] = [ns[`plain ${name}`]!, ns[`simd ${name}`]!]
    return [name, { bytes, plainNs, simdNs, GBps: bytes / simdNs, fraction: bytes / simdNs / bandwidthGBps }]
  })
  return { values, bandwidthGBps, copyGBps, triadGBps, loops: Object.fromEntries(benchmarks) }
}

function vectorsIn(floats: (length: number) => Float32Array<SharedArrayBuffer>, length: number): Vectors {
  const stream = random('vectors')
  const noise = Float32Array.from({ length: 4099 }, () => 0.02 * stream.normal()) // repeated: drawing more takes long
  const filled = (shift: number) => {
    const vector = floats(length)
    for (let i = 0; i < length; i++) vector[i] = noise[(i + shift) % noise.length]!
    return vector
  }
  const encoded = floats(Math.ceil(int8.encodedLength(length) / 4))
  const places = floats(Math.floor(TOP * length))
  return {
    parameters: filled(0),
    gradients: filled(1000),
    moment: floats(length),
    squares: floats(length),
    bounds: floats(boundsLength(length)).fill(1e-4),
    encoded: new Uint8Array(encoded.buffer, encoded.byteOffset, int8.encodedLength(length)),
    places: new Uint32Array(places.buffer, places.byteOffset, places.length),
  }
}

/** Median nanoseconds a value of each task, over rounds after one that is not counted. */
async function timeInTurns(
  tasks: Readonly<Record<string, () => unknown>>,
  values: number,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const times = new Map(Object.keys(tasks).map(name => [name, [] as number[]]))
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, run] of Object.entries(tasks)) {
      await setImmediate()
      signal.throwIfAborted()
      const start = performance.now()
      run()
      if (round > 0) times.get(name)!.push(performance.now() - start)
    }
  }
  return Object.fromEntries([...times].map(([name, each]) => [name, (median(each) * 1e6) / values]))
}

function consume(chunks: Iterable<unknown>): void {
  for (const _ of chunks);
}

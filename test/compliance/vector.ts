import { createHash } from 'node:crypto'
import test from 'ava'
import { adamw } from '../../src/compute/optim/adamw.ts'
import { sgd } from '../../src/compute/optim/sgd.ts'
import { layoutParameters } from '../../src/core/layout.ts'
import { type Random, random } from '../../src/core/random.ts'
import { topK } from '../../src/core/top-k.ts'
import { addScaled, allFinite, sumOfSquares } from '../../src/core/vector.ts'
import { boundsLength } from '../../src/exchange/compression/codec.ts'
import { int8 } from '../../src/exchange/compression/int8.ts'
import { halfCorrection } from '../../src/exchange/pairing/correction.ts'

type Vector = Float32Array<SharedArrayBuffer>
type Allocate = (length: number) => Vector

/** Around the widths of registers, unrolled loops and blocks. */
const LENGTHS = [0, 1, 3, 4, 5, 7, 8, 15, 16, 17, 31, 255, 256, 257, 511, 1000, 4099]
/** What takes several chunks of a codec, and several slices. */
const LONG = 70_001
/** In values, so that vectors begin off the boundaries of registers. */
const OFFSETS = [0, 1, 2, 3]
const SENTINEL = 12345

/** Like parameters and gradients: of many magnitudes, some zero. */
const tame = (stream: Random) => (stream.integer(9) === 0 ? 0 : stream.normal() * 10 ** (stream.integer(8) - 4))

/** Whatever bits there are that are finite: subnormal, huge, minus zero. */
const finite = (stream: Random) => {
  const bits = new Uint32Array([stream.integer(2 ** 32)])
  const [value] = new Float32Array(bits.buffer)
  return Number.isFinite(value) ? value! : -0
}

/** Subnormal and hardly more: whole blocks of them. */
const tiny = (stream: Random) => stream.normal() * 10 ** -(stream.integer(8) + 38)

/** Those and infinities and NaN. */
const wild = (stream: Random) => {
  const kind = stream.integer(50)
  if (kind < 3) return [Number.NaN, Infinity, -Infinity][kind]!
  return kind < 10 ? finite(stream) : tame(stream)
}

/** Hands out vectors between sentinels. */
class Workbench {
  readonly stream: Random
  readonly #allocate: Allocate
  readonly #offset: number
  readonly #whole: Vector[] = []

  constructor(allocate: Allocate, offset: number, stream: Random) {
    this.#allocate = allocate
    this.#offset = offset
    this.stream = stream
  }

  vector(length: number, value: (stream: Random) => number): Vector {
    const whole = this.#allocate(length + this.#offset + 8).fill(SENTINEL)
    this.#whole.push(whole)
    const vector = whole.subarray(this.#offset, this.#offset + length)
    for (let i = 0; i < length; i++) vector[i] = value(this.stream)
    return vector
  }

  /** Of the bits of every vector and the sentinels behind it. NaN is one number, whatever its bits. */
  digest(): string {
    const hash = createHash('sha256')
    for (const whole of this.#whole) hash.update(Float32Array.from(whole.subarray(this.#offset), canonical))
    return hash.digest('hex')
  }

  intact(): boolean {
    return this.#whole.every(
      whole =>
        whole.subarray(0, this.#offset).every(value => value === SENTINEL) &&
        whole.subarray(-8).every(value => value === SENTINEL),
    )
  }
}

const canonical = (value: number) => (Number.isNaN(value) ? Number.NaN : value)

const layoutOf = (length: number) =>
  layoutParameters([
    { name: 'gain', shape: [length - Math.floor(length / 2)], group: 0 },
    { name: 'weight', shape: [1, Math.floor(length / 2)], group: 0 },
  ])

/** What the loops do, as one reads or writes it; what is returned belongs to the result. */
const operations: Record<string, (bench: Workbench, length: number, value: (stream: Random) => number) => unknown> = {
  addScaled(bench, length, value) {
    addScaled(bench.vector(length, value), bench.vector(length, value), bench.stream.normal())
  },
  sumOfSquares: (bench, length, value) => sumOfSquares(bench.vector(length, value)),
  allFinite: (bench, length, value) => allFinite(bench.vector(length, value)),
  adamw(bench, length, value) {
    const optimizer = adamw(layoutOf(length))
    const [parameters, gradients] = [bench.vector(length, value), bench.vector(length, value)]
    const state = [bench.vector(length, () => 0), bench.vector(length, () => 0)]
    for (const age of [0, 1, 2]) optimizer.update(parameters, gradients, state, 0.1, age, 0.7)
  },
  momentum(bench, length, value) {
    const [parameters, gradients] = [bench.vector(length, value), bench.vector(length, value)]
    sgd().update(parameters, gradients, [bench.vector(length, value)], 0.1, 0, 0.7)
  },
  sgd(bench, length, value) {
    sgd({ momentum: 0 }).update(bench.vector(length, value), bench.vector(length, value), [], 0.1, 0, 0.7)
  },
  halfCorrection(bench, length, value) {
    const [received, own] = [bench.vector(length, value), bench.vector(length, value)]
    const bounds = bench.vector(boundsLength(length), stream => stream.integer(3) * Math.abs(tame(stream)))
    return canonical(halfCorrection(received, own, bounds))
  },
  int8(bench, length, value) {
    const values = bench.vector(length, value)
    const decoder = int8.decoder(
      bench.vector(length, () => 0),
      bench.vector(boundsLength(length), () => 0),
    )
    const sent: Uint8Array[] = []
    try {
      for (const chunk of int8.encode(values)) {
        sent.push(chunk)
        for (let at = 0; at < chunk.length; ) {
          const next = at + 1 + bench.stream.integer(5000)
          decoder.write(chunk.subarray(at, next))
          at = next
        }
      }
      decoder.end()
    } catch (error) {
      return (error as Error).message
    }
    return Buffer.concat(sent).toString('hex')
  },
  topK(bench, length, value) {
    const values = bench.vector(length, value)
    const places = bench.vector(bench.stream.integer(length + 1), () => 0)
    topK(values, new Uint32Array(places.buffer, places.byteOffset, places.length))
  },
}

/** What arithmetic on parameter vectors must do, wherever they lie. */
export function vectorSuite(name: string, allocate: Allocate): void {
  const cases = LENGTHS.flatMap(length => OFFSETS.map(offset => ({ length, offset })))
  cases.push({ length: LONG, offset: 1 })
  const benches = cases.map(({ length, offset }) => ({
    length,
    bench: () => new Workbench(allocate, offset, random(`${length} ${offset}`)),
  }))

  for (const [operation, perform] of Object.entries(operations)) {
    test(`${name}: ${operation} writes nowhere else`, t => {
      for (const { length, bench } of benches) {
        const each = bench()
        perform(each, length, tame)
        t.true(each.intact(), `${length} values`)
      }
    })
  }

  test(`${name}: addScaled`, t => {
    for (const { length, bench } of benches) {
      const each = bench()
      const [target, values] = [each.vector(length, tame), each.vector(length, tame)]
      const before = target.slice()
      addScaled(target, values, -0.3)
      const wrong = before.findIndex((value, i) => {
        const exact = value - 0.3 * values[i]!
        return !(Math.abs(target[i]! - exact) <= 2 ** -22 * (Math.abs(value) + Math.abs(values[i]!)))
      })
      t.is(wrong, -1)
    }
    t.throws(() => addScaled(allocate(5), allocate(4), 1), { instanceOf: RangeError })
  })

  test(`${name}: sumOfSquares is that of double precision`, t => {
    for (const { length, bench } of benches) {
      const values = bench().vector(length, tame)
      const exact = values.reduce((sum, value) => sum + value * value, 0)
      t.true(Math.abs(sumOfSquares(values) - exact) <= 1e-12 * exact)
    }
    t.is(sumOfSquares(allocate(9).fill(3e38)), 9 * Math.fround(3e38) ** 2)
  })

  test(`${name}: NaN and infinity are seen anywhere`, t => {
    for (const length of [1, 3, 4, 17, 64, 300]) {
      const values = allocate(length).fill(3e38)
      t.true(allFinite(values))
      for (let i = 0; i < length; i++) {
        for (const bad of [Number.NaN, Infinity, -Infinity]) {
          values[i] = bad
          t.false(allFinite(values))
          t.false(Number.isFinite(sumOfSquares(values)))
          t.false(Number.isFinite(halfCorrection(allocate(length), values, allocate(2).fill(0.5))))
          t.throws(() => [...int8.encode(values)], { code: 'VALUES_INVALID' })
        }
        values[i] = -1
      }
    }
  })

  test(`${name}: halfCorrection is half of firm shrinkage`, t => {
    for (const { length, bench } of benches) {
      const each = bench()
      const [received, own] = [each.vector(length, tame), each.vector(length, tame)]
      const bounds = each.vector(boundsLength(length), stream => stream.integer(3) * 0.1)
      const before = received.slice()
      let exact = 0
      const squares = halfCorrection(received, own, bounds)
      const wrong = before.findIndex((value, i) => {
        const [e, h] = [own[i]! - value, bounds[Math.floor(i / 256)]!]
        const full = Math.abs(e) <= h ? 0 : Math.abs(e) >= 2 * h ? e : 2 * (e - Math.sign(e) * h)
        exact += full * full
        return !(Math.abs(received[i]! - full / 2) <= 2 ** -22 * Math.abs(e) + 1e-45)
      })
      t.is(wrong, -1)
      t.true(Math.abs(squares - exact) <= 1e-5 * exact + 1e-12)
    }
  })

  test(`${name}: topK is the front of a stable sort by magnitude`, t => {
    const repeated = (stream: Random) => stream.integer(5) - 2
    for (const value of [tame, repeated]) {
      for (const length of [1, 2, 5, 64, 1001]) {
        const values = new Workbench(allocate, 1, random(length)).vector(length, value)
        for (const k of [0, 1, length >> 1, length]) {
          const places = allocate(k)
          const found = new Uint32Array(places.buffer, places.byteOffset, k)
          topK(values, found)
          const sorted = Array.from(values.keys()).sort((i, j) => Math.abs(values[j]!) - Math.abs(values[i]!) || i - j)
          t.deepEqual(
            [...found],
            sorted.slice(0, k).sort((i, j) => i - j),
          )
        }
      }
    }
    t.throws(() => topK(allocate(2), new Uint32Array(3)), { instanceOf: RangeError })
  })
}

/** The same bits from both, whatever the values. */
export function sameBits(name: string, one: Allocate, other: Allocate): void {
  for (const [operation, perform] of Object.entries(operations)) {
    test(`${name}: ${operation} gives the same bits`, t => {
      for (const [kind, value] of Object.entries({ tame, finite, tiny, wild })) {
        for (const [i, length] of [...LENGTHS, LONG].entries()) {
          const [a, b] = [one, other].map((allocate, which) => {
            const bench = new Workbench(allocate, (i + which) % 4, random(`${kind} ${length}`))
            const result = perform(bench, length, value)
            return { result, digest: bench.digest() }
          })
          t.deepEqual(a, b, `${length} ${kind} values`)
        }
      }
    })
  }
}

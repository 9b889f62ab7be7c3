/**
 * Randomness as a port. A generator is a stream named by a seed and labels: `random('run-1').fork('peer-3')` is the
 * same stream on every machine.
 */
export interface Random {
  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number
  /** Uniform integer in [0, n). n must be in [1, 2^32]. */
  integer(n: number): number
  /** Standard normal, Box-Muller. */
  normal(): number
  /** Lognormal, two standard deviations each way between the bounds and cut off at them. Must be > 0. */
  lognormal(least: number, most: number): number
  /** An independent stream, derived from this stream's name and the label; does not advance this stream. */
  fork(label: string | number): Random
  /** In-place Fisher-Yates. */
  shuffle<T>(items: T[]): T[]
  /** What `restore` needs to continue this stream exactly here. */
  save(): RandomState
  restore(state: RandomState): void
}

export type RandomState = readonly [number, number, number, number]

/** cyrb128, a 128-bit string hash: spreads a short name over the generator's whole state. */
function hash(name: string): [number, number, number, number] {
  let a = 1779033703
  let b = 3144134277
  let c = 1013904242
  let d = 2773480762
  for (let i = 0; i < name.length; i++) {
    const k = name.charCodeAt(i)
    a = b ^ Math.imul(a ^ k, 597399067)
    b = c ^ Math.imul(b ^ k, 2869860233)
    c = d ^ Math.imul(c ^ k, 951274213)
    d = a ^ Math.imul(d ^ k, 2716044179)
  }
  a = Math.imul(c ^ (a >>> 18), 597399067)
  b = Math.imul(d ^ (b >>> 22), 2869860233)
  c = Math.imul(a ^ (c >>> 17), 951274213)
  d = Math.imul(b ^ (d >>> 19), 2716044179)
  return [a >>> 0, b >>> 0, c >>> 0, d >>> 0]
}

/** sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, passes PractRand to 2^45 bytes. */
class Sfc32 implements Random {
  readonly #name: string
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(name: string) {
    this.#name = name
    ;[this.#a, this.#b, this.#c, this.#d] = hash(name)
    for (let i = 0; i < 12; i++) this.#bits()
  }

  #bits(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0
    this.#d = (this.#d + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (this.#c << 21) | (this.#c >>> 11)
    this.#c = (this.#c + t) | 0
    return t >>> 0
  }

  next(): number {
    return this.#bits() / 4294967296
  }

  integer(n: number): number {
    return Math.floor(this.next() * n)
  }

  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()))
    return radius * Math.cos(2 * Math.PI * this.next())
  }

  lognormal(least: number, most: number): number {
    const drawn = Math.sqrt(least * most) * (most / least) ** (this.normal() / 4)
    return Math.min(most, Math.max(least, drawn))
  }

  fork(label: string | number): Random {
    return new Sfc32(`${this.#name}/${label}`)
  }

  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1)
      const held = items[i]!
      items[i] = items[j]!
      items[j] = held
    }
    return items
  }

  save(): RandomState {
    return [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#d >>> 0]
  }

  restore(state: RandomState): void {
    ;[this.#a, this.#b, this.#c, this.#d] = state
  }
}

export function random(seed: string | number): Random {
  return new Sfc32(String(seed))
}

/** A UUID of version 4 (RFC 9562) from a stream: as unique as the stream's name. */
export function uuid(stream: Random): string {
  const words = Array.from({ length: 4 }, () => stream.integer(2 ** 32))
  words[1] = (words[1]! & 0xffff0fff) | 0x4000
  words[2] = (words[2]! & 0x3fffffff) | 0x80000000
  const hex = words.map(word => (word >>> 0).toString(16).padStart(8, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

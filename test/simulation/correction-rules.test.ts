import test from 'ava'
import { random } from '../../src/core/random.ts'
import { consensusDistance } from '../../src/core/vector.ts'
import { BOUND_BLOCK, boundsLength } from '../../src/exchange/compression/codec.ts'
import { int8 } from '../../src/exchange/compression/int8.ts'
import { halfCorrection } from '../../src/exchange/pairing/correction.ts'
import { randomMatching } from '../../src/exchange/topology/matching.ts'

/** Turns the partner's decoded values into half the correction, given this side's and the error bounds. */
type Rule = (received: Float32Array, own: Float32Array, bounds: Float32Array) => void

const elementwise =
  (full: (difference: number, bound: number) => number): Rule =>
  (received, own, bounds) => {
    for (let i = 0; i < own.length; i++) {
      received[i] = 0.5 * full(own[i]! - received[i]!, bounds[Math.floor(i / BOUND_BLOCK)]!)
    }
  }

const rules: Record<string, Rule> = {
  'difference to the decoded values': elementwise(difference => difference),
  'both sides quantised': (received, own) => {
    const quantised = coded(own)
    for (let i = 0; i < own.length; i++) received[i] = 0.5 * (quantised[i]! - received[i]!)
  },
  'soft shrinkage': elementwise(
    (difference, bound) => Math.sign(difference) * Math.max(0, Math.abs(difference) - bound),
  ),
  'firm shrinkage (chosen)': (received, own, bounds) => {
    halfCorrection(received, own, bounds)
  },
}

function coded(values: Float32Array, bounds?: Float32Array): Float32Array {
  const into = new Float32Array(values.length)
  const decoder = int8.decoder(into, bounds)
  for (const chunk of int8.encode(values)) decoder.write(chunk)
  decoder.end()
  return into
}

/**
 * Root mean square disagreement per parameter after mixing, mean of the second half of the rounds: 8 peers, 1024
 * parameters of standard deviation 0.02, random matchings, Gaussian local drift in each round.
 */
function steadyDisagreement(drift: number, rule: Rule | undefined): number {
  const stream = random('correction-rules')
  const [length, rounds] = [1024, 160]
  const members = Array.from({ length: 8 }, (_, i) => `peer-${i}`)
  const start = Float32Array.from({ length }, () => 0.02 * stream.normal())
  const vectors = new Map(members.map(id => [id, start.map(value => value + 2e-5 * stream.normal())]))
  const all = [...vectors.values()]
  let sum = 0
  for (let round = 0; round < rounds; round++) {
    for (const vector of all) for (let i = 0; i < length; i++) vector[i]! += drift * stream.normal()
    for (const [left, right] of randomMatching(members, 'correction-rules', round)) {
      const [a, b] = [vectors.get(left)!, vectors.get(right)!]
      const bounds = new Float32Array(boundsLength(length))
      const half = rule ? coded(a, bounds) : a.slice()
      if (rule) rule(half, b, bounds)
      else halfCorrection(half, b, bounds)
      const delta = rule ? coded(half) : half
      for (let i = 0; i < length; i++) {
        a[i]! += delta[i]!
        b[i]! -= delta[i]!
      }
    }
    if (round >= rounds / 2) sum += consensusDistance(all) / length
  }
  return Math.sqrt(sum / (rounds / 2))
}

/** Prints the table of docs/averaging.md with `ava -v`. */
test('firm shrinkage is never far from the best rule, and by far the best where peers agree', t => {
  for (const drift of [0, 1e-5, 1e-4, 1e-3]) {
    const results = Object.entries(rules).map(([name, rule]) => ({ name, rms: steadyDisagreement(drift, rule) }))
    const best = Math.min(...results.map(({ rms }) => rms))
    const chosen = results.at(-1)!.rms
    t.true(chosen <= 1.15 * best, `drift ${drift}: ${chosen} against ${best}`)
    if (drift === 0) t.true(chosen < results[0]!.rms / 3)
    const exact = steadyDisagreement(drift, undefined)
    for (const { name, rms } of [...results, { name: 'float32', rms: exact }]) {
      t.log(`drift ${drift}: ${rms.toExponential(2)} ${name}`)
    }
  }
})

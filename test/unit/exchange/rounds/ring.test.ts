import test from 'ava'
import { random } from '../../../../src/core/random.ts'
import type { Meeting } from '../../../../src/exchange/rounds/meeting.ts'
import { ringMean } from '../../../../src/exchange/rounds/ring.ts'

/** Meetings of `n` peers whose letters arrive at once. */
function meetings(n: number): { meetings: Meeting[]; sent: number[] } {
  const members = Array.from({ length: n }, (_, i) => `peer-${i}`)
  const letters = new Map<string, PromiseWithResolvers<Float32Array>>()
  const sent = members.map(() => 0)
  const letter = (key: string) => {
    const known = letters.get(key) ?? Promise.withResolvers<Float32Array>()
    letters.set(key, known)
    return known
  }
  return {
    sent,
    meetings: members.map((self, rank) => ({
      round: 1,
      self,
      members,
      async send(to, part, values) {
        sent[rank]! += values.length
        letter(`${self} ${to} ${part}`).resolve(values.slice())
      },
      async receive(from, part, into) {
        into.set(await letter(`${from} ${self} ${part}`).promise)
        return []
      },
      async all(tasks) {
        await Promise.all(tasks)
      },
    })),
  }
}

for (const codec of ['float32', 'int8'] as const) {
  test(`${codec}: all have the mean, the same to the bit, of any length among any number`, async t => {
    const stream = random('ring')
    for (let n = 1; n <= 6; n++) {
      for (const length of [0, 1, n - 1, n, 3 * n + 1, 600]) {
        const vectors = Array.from({ length: n }, () => Float32Array.from({ length }, () => stream.normal()))
        const mean = Array.from({ length }, (_, i) => vectors.reduce((sum, vector) => sum + vector[i]! / n, 0))
        const { meetings: all, sent } = meetings(n)
        const scratch = () => new Float32Array(Math.ceil(length / n))
        await Promise.all(all.map((meeting, i) => ringMean(meeting, vectors[i]!, scratch(), codec)))
        for (const vector of vectors) {
          t.deepEqual(vector, vectors[0])
          const most = codec === 'float32' || n === 1 ? 1e-6 : 0.02
          t.true(mean.every((value, i) => Math.abs(value - vector[i]!) < most))
        }
        for (const values of sent) t.true(values <= 2 * (n - 1) * Math.ceil(length / n))
      }
    }
  })
}

import test from 'ava'
import { random } from '../../../../src/core/random.ts'
import { give, pull } from '../../../../src/exchange/aggregation/push-sum.ts'

test('with delays of 1 to 5 rounds mass is conserved and all agree on the mean', t => {
  // ALGORITHMS, acceptance check 2, in double precision.
  const [n, rounds] = [16, 200]
  const stream = random('push-sum')
  const peers = Array.from({ length: n }, () => ({ z: stream.normal(), w: 1 }))
  const start = peers.reduce((sum, { z }) => sum + z, 0)
  const flying: { at: number; to: number; z: number; w: number }[] = []
  const total = (of: (part: { z: number; w: number }) => number) =>
    [...peers, ...flying].reduce((sum, part) => sum + of(part), 0)
  for (let round = 0; round < rounds; round++) {
    for (const [i, peer] of peers.entries()) {
      const { kept, given } = give(peer.w, 1 / 2)
      peer.w = kept
      flying.push({ at: round + 1 + stream.integer(5), to: (i + 2 ** (round % 4)) % n, z: peer.z, w: given })
    }
    for (const share of flying.splice(0)) {
      if (share.at > round) {
        flying.push(share)
        continue
      }
      const peer = peers[share.to]!
      peer.z += pull(peer.w, share.w) * (share.z - peer.z)
      peer.w += share.w
    }
    t.true(Math.abs(total(({ w }) => w) - n) < 1e-9)
    t.true(Math.abs(total(({ z, w }) => z * w) - start) < 1e-9)
  }
  const furthest = Math.max(...peers.map(({ z }) => Math.abs(z - start / n)))
  t.true(furthest < 1e-6, `${furthest}`)
})

test('nothing is lost by rounding when mass is divided', t => {
  for (let w = 1, i = 0; i < 500; i++, w /= 1.7) {
    const { kept, given } = give(w, 1 / 2)
    t.is(kept + given, w)
  }
  t.deepEqual(give(0.3, 1), { kept: 0, given: 0.3 })
  t.is(pull(0, 0.3), 1)
})

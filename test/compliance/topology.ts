import test from 'ava'
import { random } from '../../src/core/random.ts'
import type { Topology } from '../../src/exchange/topology/topology.ts'

/** W, by sources of every member. */
function matrixOf(topology: Topology, members: readonly string[], round: number): number[][] {
  return members.map(me => {
    const row = new Map(topology.sources(members, me, round).map(({ peer, weight }) => [peer, weight]))
    const others = [...row.values()].reduce((sum, weight) => sum + weight, 0)
    return members.map(peer => (peer === me ? 1 - others : (row.get(peer) ?? 0)))
  })
}

export const peers = (n: number) => Array.from({ length: n }, (_, i) => `peer-${String(i).padStart(4, '0')}`)

/** What every topology must do. @param sizes numbers of peers that it can be had for */
export function topologySuite(name: string, make: () => Topology, sizes: readonly number[]): void {
  const everyRound = (check: (members: string[], round: number) => void) => {
    for (const n of sizes) for (let round = 0; round < 9; round++) check(peers(n), round)
  }

  test(`${name}: preserves the sum and is the identity where all are equal`, t => {
    const topology = make()
    everyRound((members, round) => {
      const matrix = matrixOf(topology, members, round)
      for (const [i, row] of matrix.entries()) {
        t.true(row.every(weight => weight >= 0 && weight <= 1 + 1e-12))
        t.true(Math.abs(row.reduce((sum, weight) => sum + weight) - 1) < 1e-12)
        t.true(Math.abs(matrix.reduce((sum, other) => sum + other[i]!, 0) - 1) < 1e-12)
      }
      if (topology.directed) return
      for (const [i, row] of matrix.entries()) {
        for (const [j, weight] of row.entries()) t.is(weight, matrix[j]![i]!)
      }
    })
  })

  test(`${name}: targets are sources seen from the other side`, t => {
    const topology = make()
    everyRound((members, round) => {
      const received = members.flatMap(me => topology.sources(members, me, round).map(s => [s.peer, me, s.weight]))
      const sent = members.flatMap(me => topology.targets(members, me, round).map(s => [me, s.peer, s.weight]))
      t.deepEqual(received.map(String).sort(), sent.map(String).sort())
      t.true(received.every(([from, to]) => from !== to))
    })
  })

  test(`${name}: all who know the same members agree, whatever order they have them in`, t => {
    everyRound((members, round) => {
      const shuffled = random(round).shuffle([...members])
      const [a, b] = [make(), make()]
      t.deepEqual(a.mixing(members, round), b.mixing(shuffled, round))
      for (const me of members) t.deepEqual(a.sources(members, me, round), b.sources(shuffled, me, round))
    })
  })

  test(`${name}: candidates are others, mutual unless directed, and hold the round's partner`, t => {
    const topology = make()
    everyRound((members, round) => {
      for (const me of members) {
        const candidates = topology.candidates(members, me, round)
        t.false(candidates.includes(me))
        t.is(new Set(candidates).size, candidates.length)
        for (const { peer } of topology.sources(members, me, round)) t.true(candidates.includes(peer))
        if (topology.directed) continue
        for (const peer of candidates) t.true(topology.candidates(members, peer, round).includes(me))
      }
    })
  })

  test(`${name}: pairs, where it has them, are mutual`, t => {
    const topology = make()
    everyRound((members, round) => {
      for (const me of members) {
        if (!topology.pairs) {
          t.throws(() => topology.partner(members, me, round), {
            code: 'TOPOLOGY_IMPOSSIBLE',
            message: /has no pairs$/,
          })
          return
        }
        const partner = topology.partner(members, me, round)
        t.deepEqual(
          topology.sources(members, me, round),
          partner === undefined ? [] : [{ peer: partner, weight: 1 / 2 }],
        )
        if (partner !== undefined) t.is(topology.partner(members, partner, round), me)
      }
    })
  })

  test(`${name}: one who is no member has no place in it`, t => {
    t.throws(() => make().sources(peers(2), 'stranger', 0), { instanceOf: RangeError })
  })
}

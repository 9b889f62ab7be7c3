import test from 'ava'
import { random } from '../../../../src/core/random.ts'
import { churnSchedule, churnSchema } from '../../../../src/network/simulation/churn.ts'

const peers = Array.from({ length: 200 }, (_, i) => `peer-${i}`)

test('peers are up and down for exponential times with the means asked for', t => {
  const until = 1e7
  const events = churnSchedule({ up: 90, down: 10 }, peers, until, random('a'))
  t.deepEqual(events, churnSchedule({ up: 90, down: 10 }, peers, until, random('a')))
  t.true(events.every(({ at }, i) => i === 0 || events[i - 1]!.at <= at))
  const up: number[] = []
  const down: number[] = []
  for (const peer of peers) {
    let last = 0
    for (const [i, event] of events.filter(each => each.peer === peer).entries()) {
      t.is(event.change, i % 2 === 0 ? 'kill' : 'restart')
      ;(event.change === 'kill' ? up : down).push(event.at - last)
      last = event.at
    }
  }
  const check = (times: number[], mean: number) => {
    const measured = times.reduce((sum, ms) => sum + ms, 0) / times.length
    const squares = times.reduce((sum, ms) => sum + (ms - measured) ** 2, 0) / times.length
    // An exponential time's standard deviation is its mean; times that outlast the schedule are left out.
    t.true(Math.abs(measured / mean - 1) < 4 / Math.sqrt(times.length), `${measured} for ${mean}`)
    t.true(Math.abs(Math.sqrt(squares) / mean - 1) < 0.05, `${Math.sqrt(squares)} for ${mean}`)
  }
  check(up, 90_000)
  check(down, 10_000)
})

test('a share of the peers stays for ever', t => {
  const events = churnSchedule({ up: 1, down: 1, share: 0.1 }, peers, 1e5, random('a'))
  t.deepEqual([...new Set(events.map(({ peer }) => peer))].sort(), peers.slice(180).sort())
  t.deepEqual(churnSchedule({ up: 1, down: 1, share: 0 }, peers, 1e5, random('a')), [])
  t.is(churnSchema.parse({ up: 1, down: 1 }).share, 1)
  t.throws(() => churnSchedule({ up: 0, down: 1 }, peers, 1, random('a')), {
    code: 'SPECIFICATION_INVALID',
    message: /`churn\.up`.*got 0/,
  })
})

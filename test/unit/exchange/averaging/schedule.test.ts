import test from 'ava'
import { dueShards } from '../../../../src/exchange/averaging/schedule.ts'

test('each shard is due once in every period, evenly spread', t => {
  for (const [every, count] of [
    [1, 1],
    [1, 4],
    [50, 1],
    [50, 3],
    [10, 10],
    [7, 20],
  ] as const) {
    const times = new Array<number>(count).fill(0)
    let most = 0
    for (let step = 1; step <= every; step++) {
      const due = dueShards(step, every, count)
      for (const shard of due) times[shard]! += 1
      most = Math.max(most, due.length)
    }
    t.deepEqual(times, new Array<number>(count).fill(1), `every ${every}, ${count} shards`)
    t.true(most <= Math.ceil(count / every), `every ${every}, ${count} shards: ${most} at once`)
  }
})

test('a single shard is due at multiples of the period', t => {
  const due = Array.from({ length: 100 }, (_, i) => i + 1).filter(step => dueShards(step, 25, 1).length > 0)
  t.deepEqual(due, [25, 50, 75, 100])
})

import test from 'ava'
import { createSchedule } from '../../../../src/compute/optim/schedule.ts'

const near = (actual: number, expected: number) => Math.abs(actual - expected) < 1e-12

test('constant is the peak from the first step', t => {
  const schedule = createSchedule({ kind: 'constant', warmup: 0 }, 10)
  t.deepEqual([0, 1, 1000].map(schedule), [1, 1, 1])
})

test('warm-up rises in equal steps, never from zero, and reaches the peak right after', t => {
  for (const config of [{ kind: 'constant', warmup: 3 } as const, { kind: 'cosine', warmup: 3, final: 0 } as const]) {
    t.deepEqual([0, 1, 2, 3].map(createSchedule(config, 100)), [0.25, 0.5, 0.75, 1])
  }
})

test('cosine falls from the peak to `final` at the last step, and stays there', t => {
  const schedule = createSchedule({ kind: 'cosine', warmup: 10, final: 0.1 }, 111)
  t.is(schedule(10), 1)
  t.true(near(schedule(60), 0.55))
  t.true(near(schedule(110), 0.1))
  t.true(near(schedule(5000), 0.1))
  for (let step = 11; step <= 110; step++) t.true(schedule(step) < schedule(step - 1))
})

test('a run shorter than its warm-up only rises', t => {
  const schedule = createSchedule({ kind: 'cosine', warmup: 50, final: 0.1 }, 20)
  t.true(near(schedule(19), 20 / 51))
  t.is(schedule(50), 1)
})

test('options are validated', t => {
  t.throws(() => createSchedule({ kind: 'constant', warmup: -1 }, 10), {
    message: 'Expected `warmup` to be an integer >= 0, got -1',
  })
  t.throws(() => createSchedule({ kind: 'cosine', warmup: 0, final: 2 }, 10), {
    message: 'Expected `final` to be in [0, 1], got 2',
  })
})

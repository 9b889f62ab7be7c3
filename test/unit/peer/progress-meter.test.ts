import test from 'ava'
import { progressMeter } from '../../../src/peer/progress-meter.ts'

test('nothing before the first step', t => {
  const meter = progressMeter()
  t.is(meter.loss, null)
  t.is(meter.wallMs, 0)
})

test('the mean of the first steps, then the recent ones count most', t => {
  const meter = progressMeter()
  meter.add({ loss: 4, wallMs: 10 })
  t.deepEqual([meter.loss, meter.wallMs], [4, 10])
  meter.add({ loss: 2, wallMs: 30 })
  t.deepEqual([meter.loss, meter.wallMs], [3, 20])
  for (let i = 0; i < 20; i++) meter.add({ loss: 1, wallMs: 5 })
  t.true(meter.loss! > 1 && meter.loss! < 2)
  for (let i = 0; i < 400; i++) meter.add({ loss: 1, wallMs: 5 })
  t.true(Math.abs(meter.loss! - 1) < 1e-6)
  t.true(Math.abs(meter.wallMs - 5) < 1e-6)
})

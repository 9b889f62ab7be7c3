import test from 'ava'
import { benchmarkVector } from '../../../../src/cli/bench/vector.ts'

test('every loop is timed both ways, beside bandwidth', async t => {
  const { bandwidthGBps, copyGBps, triadGBps, loops } = await benchmarkVector(5000, new AbortController().signal)
  t.is(bandwidthGBps, Math.max(copyGBps, triadGBps))
  for (const [name, { bytes, plainNs, simdNs, GBps, fraction }] of Object.entries(loops)) {
    t.true(plainNs > 0 && simdNs > 0 && Number.isFinite(plainNs + simdNs), name)
    t.is(GBps, bytes / simdNs, name)
    t.is(fraction, GBps / bandwidthGBps, name)
  }
})

test('a signal ends it', async t => {
  const stop = new AbortController()
  const benchmark = benchmarkVector(5000, stop.signal)
  stop.abort(new Error('enough'))
  await t.throwsAsync(benchmark, { message: 'enough' })
})

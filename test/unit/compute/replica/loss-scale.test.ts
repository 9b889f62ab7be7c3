import test from 'ava'
import { LossScale } from '../../../../src/compute/replica/loss-scale.ts'

const fine = { loss: 1, gradientNorm: 2 }
const overflow = { loss: 1, gradientNorm: Number.POSITIVE_INFINITY }

/** The scales that were tried, where those above `limit` overflow. */
async function scalesTried(scale: LossScale, limit: number): Promise<number[]> {
  const tried: number[] = []
  const report = await scale.step(async factor => {
    tried.push(factor)
    return factor > limit ? overflow : fine
  })
  if (limit >= 1 && report !== fine) throw new Error('the report of the last attempt is not what came back')
  return tried
}

test('a step that overflows is taken again with half the scale, which stays', async t => {
  const scale = new LossScale()
  t.deepEqual(await scalesTried(scale, 2 ** 14), [2 ** 16, 2 ** 15, 2 ** 14])
  t.deepEqual(await scalesTried(scale, 2 ** 14), [2 ** 14])
})

test('what is not finite without any scale is reported', async t => {
  const scale = new LossScale()
  const tried = await scalesTried(scale, 0)
  t.is(tried.at(-1), 1)
  t.is(tried.length, 17)
})

test('after 2000 steps without overflow a larger scale is tried, up to a limit', async t => {
  const scale = new LossScale()
  for (let step = 0; step < 2000; step++) t.deepEqual(await scalesTried(scale, 2 ** 30), [2 ** 16])
  t.deepEqual(await scalesTried(scale, 2 ** 30), [2 ** 17])
  for (let step = 0; step < 20_000; step++) await scalesTried(scale, 2 ** 30)
  t.deepEqual(await scalesTried(scale, 2 ** 30), [2 ** 24])
})

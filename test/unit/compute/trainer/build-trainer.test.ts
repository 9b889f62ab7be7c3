import test from 'ava'
import { buildTrainer } from '../../../../src/compute/trainer/build-trainer.ts'
import { processFolder, tinyTextFile } from '../../../support/tiny-text.ts'
import { tinyTrainerConfig } from '../../../support/tiny-trainer.ts'

const config = tinyTrainerConfig(tinyTextFile(processFolder()))
const never = new AbortController().signal

test('peers of one run begin alike and read different batches', async t => {
  const others = [
    { partition: { index: 0, count: 2 }, stream: 'another peer' },
    { partition: { index: 1, count: 2 }, stream: undefined },
  ]
  const first = await buildTrainer(config)
  t.teardown(() => first.close())
  const { parameters } = await first.save()
  const initial = parameters.slice()
  const losses = new Set<number>()
  const trainFirstStep = (trainer: typeof first) => trainer.run(1, ({ loss }) => losses.add(loss), never)
  await trainFirstStep(first)
  for (const own of others) {
    const peer = await buildTrainer({ ...config, own: { ...config.own, ...own } })
    t.teardown(() => peer.close())
    t.deepEqual((await peer.save()).parameters.slice(), initial)
    t.deepEqual(await peer.evaluate().then(({ tokens }) => tokens), 128)
    await trainFirstStep(peer)
  }
  t.is(losses.size, 3)
  const otherRun = await buildTrainer({ ...config, seed: 8, shards: 1 })
  t.teardown(() => otherRun.close())
  t.notDeepEqual((await otherRun.save()).parameters.slice(), initial)
  t.is(otherRun.layout.shards.length, 1)
})

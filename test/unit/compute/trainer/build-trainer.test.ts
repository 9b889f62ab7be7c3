import { readdirSync, readlinkSync } from 'node:fs'
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

const onLinux = process.platform === 'linux' ? test : test.skip
onLinux('a trainer that cannot be built leaves no file of its data open', async t => {
  const text = tinyTextFile(processFolder())
  const mine = tinyTrainerConfig(text)
  const built = await buildTrainer(mine)
  t.true(openFiles().includes(text))
  await built.close()
  t.false(openFiles().includes(text))
  const model = { kind: 'module', module: 'nowhere.ts', sha256: 'ab'.repeat(32), context: 16 } as const
  await t.throwsAsync(buildTrainer({ ...mine, model }), { code: 'MODEL_MISSING' })
  t.false(openFiles().includes(text))
})

function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap(descriptor => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)]
    } catch {
      return [] // the one that the folder was read by
    }
  })
}

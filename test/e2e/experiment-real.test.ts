import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { stringify } from 'yaml'
import type { CellRecord } from '../../src/experiment/cell-record.ts'
import type { Fidelity } from '../../src/experiment/fidelity/compare-records.ts'
import { spawnMurmur } from '../support/murmur-process.ts'
import { runFolder } from '../support/run-folder.ts'

/** Cells of experiments with real processes on the loopback interface. */

const STEPS = 150
const TOKENS = 2 * STEPS * 4 * 16

function experiment(text: string, changes: object = {}): string {
  return stringify({
    name: 'tiny',
    description: 'Two real peers',
    baseline: 'gossip',
    seeds: 1,
    samples: 4,
    peers: 2,
    run: {
      model: { layers: 1, width: 16, heads: 2, context: 16 },
      data: { paths: [text], partitions: 2 },
      batch: 4,
      steps: STEPS,
      optimizer: { learningRate: 0.01 },
      schedule: { kind: 'constant', warmup: 5 },
      heartbeat: { interval: 0.2, timeout: 4 },
      evaluation: { every: 1000, batches: 2 },
    },
    arms: [{ name: 'gossip', run: { averaging: { every: 5 } } }],
    ...changes,
  })
}

test.serial('a cell runs with real processes and again in virtual time, and both are told', async t => {
  const { folder } = await runFolder(t)
  const [file, directory] = [join(folder, 'tiny.yaml'), join(folder, 'out')]
  await writeFile(file, experiment(join(folder, 'text.txt'), { fidelity: { tolerance: 10 } }))
  const { code, err, last } = await spawnMurmur(t, ['experiment', file, '--directory', directory]).ended
  t.is(code, 0, err)
  const [fidelity, ...rest] = last.fidelity as Fidelity[]
  t.deepEqual(rest, [])
  t.like(fidelity, { arm: 'gossip', seed: 1 })
  t.true(fidelity!.lossByTokens.relative < 0.2, JSON.stringify(fidelity))
  t.true(fidelity!.duration.real > 0 && fidelity!.duration.simulated > 0)

  const [real, simulated] = JSON.parse(await readFile(join(directory, 'cells.json'), 'utf8')) as CellRecord[]
  t.deepEqual([real!.arm, simulated!.arm], ['gossip, real', 'gossip, simulated'])
  for (const { samples, status } of [real!, simulated!]) {
    t.is(status, 'finished')
    t.is(samples[0]!.tokens, 0)
    t.is(samples.at(-1)!.tokens, TOKENS)
    t.true(samples.at(-1)!.lossMean < samples[0]!.lossMean - 0.5)
  }
  t.is(real!.samples[0]!.lossMean, simulated!.samples[0]!.lossMean) // the same parameters to begin with
  t.true(real!.summary.exchanges.ok > 0 && real!.samples.at(-1)!.bytes > 0)
  t.regex(await readFile(String(last.report), 'utf8'), /simulated and real are within/)
  const [run] = await readdir(join(directory, 'real', 'runs'))
  t.is((await readdir(join(directory, 'real', 'runs', run!, 'peer-2', 'checkpoints'))).length, 1)
})

test.serial('a peer that fails ends its cell with the reason; what only the simulator can do is refused', async t => {
  const { folder } = await runFolder(t)
  const text = join(folder, 'text.txt')
  const run = async (name: string, changes: object) => {
    const file = join(folder, `${name}.yaml`)
    await writeFile(file, experiment(text, changes))
    return await spawnMurmur(t, ['experiment', file, '--real', '--directory', join(folder, name)]).ended
  }
  const optimizer = { kind: 'sgd', learningRate: 100 }
  const diverged = await run('diverged', {
    arms: [{ name: 'gossip', run: { optimizer, gradientClip: 1e6, averaging: { every: 5 } } }],
  })
  t.is(diverged.code, 0, diverged.err)
  const [record] = diverged.last.records as CellRecord[]
  t.is(record!.status, 'failed')
  t.regex(record!.reason!, /^peer-[12] ended with code \d+: .*learning rate/)

  const churned = await run('churned', { churn: { up: 10, down: 1 } })
  t.is(churned.code, 2)
  t.regex(churned.err, /^murmur: Churn is not run with real processes.*$/m)
})

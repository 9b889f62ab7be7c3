import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import test from 'ava'
import { stringify } from 'yaml'
import { realCells } from '../../src/cli/experiment/real-cells.ts'
import { systemClock } from '../../src/core/clock.ts'
import { lockHolder } from '../../src/core/file-lock.ts'
import type { CellRecord } from '../../src/experiment/cell-record.ts'
import type { Fidelity } from '../../src/experiment/fidelity/compare-records.ts'
import { parseExperiment } from '../../src/experiment/specification/experiment.ts'
import { listCheckpoints } from '../../src/peer/checkpoint/checkpoint.ts'
import { runPaths } from '../../src/peer/checkpoint/run-directory.ts'
import { spawnMurmur } from '../support/murmur-process.ts'
import { runFolder } from '../support/run-folder.ts'

/** Cells of experiments with real processes on the loopback interface. */

const STEPS = 60
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
  // Its peers meet at every step, however short the run.
  const arms = [{ name: 'all-reduce', run: { averaging: { algorithm: 'all-reduce' } } }]
  await writeFile(
    file,
    experiment(join(folder, 'text.txt'), { fidelity: { tolerance: 10 }, baseline: 'all-reduce', arms }),
  )
  const { code, err, last } = await spawnMurmur(t, ['experiment', file, '--directory', directory]).ended
  t.is(code, 0, err)
  const [fidelity, ...rest] = last.fidelity as Fidelity[]
  t.deepEqual(rest, [])
  t.like(fidelity, { arm: 'all-reduce', seed: 1 })
  t.true(fidelity!.lossByTokens.relative < 0.2, JSON.stringify(fidelity))
  t.true(fidelity!.duration.real > 0 && fidelity!.duration.simulated > 0)

  const [real, simulated] = JSON.parse(await readFile(join(directory, 'cells.json'), 'utf8')) as CellRecord[]
  t.deepEqual([real!.arm, simulated!.arm], ['all-reduce, real', 'all-reduce, simulated'])
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

test.serial('a peer that is killed ends its cell with the reason, and the others leave', async t => {
  const { folder } = await runFolder(t)
  const text = experiment(join(folder, 'text.txt')).replace(`steps: ${STEPS}`, 'steps: 1000000')
  const [settings] = parseExperiment(text, 'tiny.yaml').treatments[0]!.candidates
  const directory = join(folder, 'cell')
  const lockOf = (name: string) => runPaths(join(directory, name)).lock
  let victim: Promise<void> | undefined
  // What both begin with is the first sample.
  const begun = async () => {
    for (const name of ['peer-1', 'peer-2']) {
      const { checkpoints } = runPaths(join(directory, name))
      while ((await listCheckpoints(checkpoints)).length === 0) await nextTurn()
    }
  }
  const { outcome } = await realCells(systemClock).run(
    settings!,
    { seed: 1, samples: 1000, timeLimit: 1000 },
    {
      signal: new AbortController().signal,
      directory,
      onProgress: () => {
        victim ??= begun()
          .then(() => lockHolder(lockOf('peer-2')))
          .then(pid => void process.kill(pid!, 'SIGKILL'))
      },
    },
  )
  await victim
  t.is(outcome.status, 'failed')
  t.is(outcome.reason, 'peer-2 was ended by SIGKILL')
  t.true(outcome.samples.length >= 1)
  t.is(await lockHolder(lockOf('peer-1')), undefined)
})

test('what only the simulator can do is refused', async t => {
  const { folder } = await runFolder(t)
  const file = join(folder, 'churned.yaml')
  await writeFile(file, experiment(join(folder, 'text.txt'), { churn: { up: 10, down: 1 } }))
  const { code, err } = await spawnMurmur(t, ['experiment', file, '--real', '--directory', join(folder, 'out')]).ended
  t.is(code, 2)
  t.regex(err, /^murmur: gossip: churn is not run with real processes.*$/m)
})

import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { MurmurError } from '../../../src/core/errors.ts'
import { type ExperimentProgress, runExperiment } from '../../../src/experiment/run-experiment.ts'
import { parseExperiment } from '../../../src/experiment/specification/experiment.ts'
import { processFolder, tinyTextFile } from '../../support/tiny-text.ts'

const folder = processFolder()
const text = tinyTextFile(folder)

const EXPERIMENT = `
name: tiny
description: Does averaging help?
baseline: none
margin: 0.5
seeds: 2
samples: 4
peers: 3
run:
  model: { layers: 1, width: 16, heads: 2, context: 16 }
  data: { paths: [${JSON.stringify(text)}], partitions: 3 }
  batch: 4
  steps: 20
  schedule: { kind: constant, warmup: 5 }
  evaluation: { every: 1000, batches: 2 }
tuning: { seed: 9 }
arms:
  - name: none
    run: { averaging: { algorithm: none } }
    candidates: [{ run: { optimizer: { learningRate: 0.01 } } }, { run: { optimizer: { learningRate: 0.00001 } } }]
  - name: gossip
    run: { averaging: { every: 4 } }
    candidates: [{ run: { optimizer: { learningRate: 0.00001 } } }, { run: { optimizer: { learningRate: 0.01 } } }]
`

async function run(
  directory: string,
  init: { experiment?: string; signal?: AbortSignal; onProgress?(p: ExperimentProgress): void } = {},
) {
  return await runExperiment(parseExperiment(init.experiment ?? EXPERIMENT, 'tiny.yaml'), {
    directory,
    parallel: 2,
    versions: { murmur: 'test' },
    signal: init.signal ?? new AbortController().signal,
    onProgress: init.onProgress ?? (() => {}),
  })
}

test('tunes with an equal budget, runs every cell, and reports', async t => {
  const directory = await mkdtemp(join(folder, 'whole-'))
  const { records, chosen, report } = await run(directory)
  t.deepEqual(
    chosen.map(({ arm, candidate }) => [arm, candidate]),
    [
      ['none', 0],
      ['gossip', 1],
    ],
  )
  t.deepEqual(records.map(({ arm, seed, status }) => `${arm} ${seed} ${status}`).toSorted(), [
    'gossip 1 finished',
    'gossip 2 finished',
    'none 1 finished',
    'none 2 finished',
  ])
  t.is((await readdir(join(directory, 'cells'))).length, 8)
  t.regex(await readFile(report, 'utf8'), /Does averaging help\?/)
})

test('an interrupted experiment keeps what is finished, and goes on from there', async t => {
  const directory = await mkdtemp(join(folder, 'interrupted-'))
  const stop = new AbortController()
  const reason = new MurmurError({ code: 'CANCELLED', message: 'enough' })
  const onProgress = ({ phase, finished }: ExperimentProgress) => {
    if (phase === 'running' && finished >= 1) stop.abort(reason)
  }
  t.is(await t.throwsAsync(run(directory, { signal: stop.signal, onProgress })), reason)
  const before = await readdir(join(directory, 'cells'))
  t.true(before.length >= 5 && before.length < 8, `${before.length} records`)
  t.true((await readdir(directory)).includes('report.html'))
  let skipped = 0
  const { records } = await run(directory, { onProgress: progress => (skipped = Math.max(skipped, progress.skipped)) })
  t.is(records.length, 4)
  t.true(skipped >= 1)
  t.true((await readdir(join(directory, 'cells'))).length === 8)
})

test('an arm that cannot run is reported, and the others go on', async t => {
  const experiment = `
name: mixing
description: How fast do vectors come together?
baseline: ring
seeds: 1
peers: 12
arms:
  - { name: ring, mixing: { topology: ring, rounds: 5 } }
  - { name: hypercube, mixing: { topology: hypercube, rounds: 5 } }
`
  const { records } = await run(await mkdtemp(join(folder, 'mixing-')), { experiment })
  const [hypercube, ring] = records.toSorted((a, b) => a.arm.localeCompare(b.arm))
  t.is(ring!.status, 'finished')
  t.is(ring!.samples.length, 6)
  t.true(ring!.samples[5]!.relativeConsensusDistance < 1)
  t.is(hypercube!.status, 'failed')
  t.regex(hypercube!.reason!, /power of two.* 12/)
})

test('a damaged record is named, and nothing is computed over it', async t => {
  const directory = await mkdtemp(join(folder, 'damaged-'))
  await run(directory)
  const cells = join(directory, 'cells')
  const [first] = await readdir(cells)
  await writeFile(join(cells, first!), '{"format":')
  const error = await t.throwsAsync(run(directory), { instanceOf: MurmurError })
  t.is(error.code, 'RECORD_INVALID')
  t.true(error.message.includes(first!))
})

test('what makes every cell fail is thrown once', async t => {
  const experiment = EXPERIMENT.replace(text, join(folder, 'nothing.txt'))
  const error = await t.throwsAsync(run(await mkdtemp(join(folder, 'missing-')), { experiment }), {
    instanceOf: MurmurError,
  })
  t.is(error.code, 'CORPUS_MISSING')
})

import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { spawnMurmur } from '../support/murmur-process.ts'
import { processFolder, tinyTextFile } from '../support/tiny-text.ts'

const folder = processFolder()

const experiment = (steps: number) => `
name: tiny
description: Does averaging help?
baseline: none
seeds: 2
samples: 3
peers: 2
run:
  model: { layers: 1, width: 16, heads: 2, context: 16 }
  data: { paths: [${JSON.stringify(tinyTextFile(folder))}], partitions: 2 }
  batch: 4
  steps: ${steps}
  evaluation: { every: 1000000000, batches: 2 }
arms:
  - name: none
    run: { averaging: { algorithm: none } }
  - name: gossip
    run: { averaging: { every: 4 } }
`

test.serial('an experiment is interrupted, and goes on from where it was', async t => {
  const path = join(folder, 'tiny.yaml')
  const directory = join(folder, 'out')
  await writeFile(path, experiment(400))
  const args = ['experiment', path, '--directory', directory, '--parallel', '1']
  const first = spawnMurmur(t, args)
  const records = async () => (await readdir(join(directory, 'cells')).catch(() => [])).length
  while ((await records()) === 0) await new Promise(setImmediate)
  first.kill('SIGINT')
  const { code, err } = await first.ended
  t.is(code, 50)
  t.regex(err, /SIGINT: finishing the report/)
  const before = await records()
  t.true(before >= 1 && before < 4, `${before}`)
  t.true((await readdir(directory)).includes('report.html'))

  const second = spawnMurmur(t, args)
  const { code: done, last } = await second.ended
  t.is(done, 0)
  t.is((last.records as unknown[]).length, 4)
  t.is(await records(), 4)
  t.regex(await readFile(last.report as string, 'utf8'), /Does averaging help\?/)
})

test.serial('what cannot be run is refused in one line', async t => {
  const missing = await spawnMurmur(t, ['experiment', 'no-such']).ended
  t.is(missing.code, 2)
  t.regex(missing.err, /^murmur: There is no file no-such, and no experiment of that name: churn, .*are there\n$/)
  const path = join(folder, 'wrong.yaml')
  await writeFile(path, experiment(10).replace('samples: 3', 'samples: few'))
  const wrong = await spawnMurmur(t, ['experiment', path]).ended
  t.is(wrong.code, 10)
  t.regex(wrong.err, /wrong\.yaml:6:10: Wrong `samples`/)
})

test.serial('the list names what comes with murmur', async t => {
  const { code, last } = await spawnMurmur(t, ['experiment', 'list']).ended
  t.is(code, 0)
  const names = (last as unknown as { name: string }[]).map(({ name }) => name)
  for (const name of ['sync-vs-gossip', 'stragglers', 'churn', 'non-iid', 'compression', 'staleness', 'hierarchy']) {
    t.true(names.includes(name), name)
  }
})

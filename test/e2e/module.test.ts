import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { stringify } from 'yaml'
import { spawnMurmur } from '../support/murmur-process.ts'
import { runFolder } from '../support/run-folder.ts'
import { tinyImagesConfig } from '../support/tiny-trainer.ts'

const NETWORK = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-relay']
const DOCS = new URL('../../docs/models.md', import.meta.url)

test.serial('a model of the user, of which every peer needs the same file', async t => {
  const { folder } = await runFolder(t)
  const [mine, theirs] = [join(folder, 'mine'), join(folder, 'theirs')]
  await Promise.all([mkdir(mine), mkdir(theirs)])
  const { data } = tinyImagesConfig(folder)
  const module = (await readFile(DOCS, 'utf8')).match(/<!-- test: layers\.ts -->\n```ts\n(.*?)```/s)![1]!
  await writeFile(join(mine, 'my-model.ts'), module)
  const run = {
    name: 'mine',
    model: { module: './my-model.ts' },
    data,
    batch: 8,
    steps: 1_000_000_000,
    averaging: { every: 5 },
    evaluation: { every: 10, batches: 2 },
  }
  await writeFile(join(mine, 'run.yaml'), stringify(run))

  // The path is relative to the run file, wherever murmur is started.
  const a = spawnMurmur(t, ['start', join(mine, 'run.yaml'), '--directory', join(folder, 'a'), ...NETWORK], {
    cwd: folder,
  })
  const { peer: idA, invitations } = await a.listening()
  const join_ = (name: string, ...options: string[]) =>
    spawnMurmur(t, ['join', invitations[0]!, '--directory', join(folder, name), ...NETWORK, ...options], {
      cwd: theirs,
    })

  const without = await join_('b').ended
  t.is(without.code, 14, without.err)
  t.like(without.last.error, { code: 'MODEL_MISSING', details: { path: join(theirs, 'my-model.ts') } })

  await writeFile(join(theirs, 'other.ts'), `${module}\nprocess.exit(99)\n`)
  const different = await join_('b', '--model', 'other.ts').ended
  t.is(different.code, 15, different.err)
  t.like(different.last.error, { code: 'MODEL_MISMATCH' })

  await writeFile(join(theirs, 'same.ts'), module)
  const b = join_('b', '--model', 'same.ts')
  await b.event('exchange', ({ partner, outcome }) => partner === idA && outcome === 'ok')
  const { metrics } = await b.event('evaluation', ({ step }) => step > 0)
  t.deepEqual(Object.keys(metrics!), ['accuracy'])
  for (const peer of [a, b]) peer.kill('SIGINT')
  for (const peer of [a, b]) {
    const { code, last, err } = await peer.ended
    t.is(code, 0, err.slice(-2000))
    t.deepEqual(Object.keys(last.metrics as object), ['accuracy'])
  }

  const evaluated = await spawnMurmur(t, ['evaluate', join(folder, 'b'), '--model', join(mine, 'my-model.ts')]).ended
  t.is(evaluated.code, 0, evaluated.err)
  t.deepEqual(Object.keys(evaluated.last.metrics as object), ['accuracy'])
  t.false('perplexity' in evaluated.last)
})

import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { isErrorCode } from '../../../../src/core/errors.ts'
import { runDirectorySource } from '../../../../src/dashboard/sources/run-directory-source.ts'
import { swarmDirectory, swarmEvents } from '../../../support/swarm-events.ts'
import { virtualClock } from '../../../support/virtual-clock.ts'

const signal = new AbortController().signal

test('a directory is followed: new events, a new peer, and no line that is still being written', async t => {
  const logs = swarmEvents('grows', { peers: 2, steps: 5 })
  const directory = await swarmDirectory(t, logs)
  const clock = virtualClock(200)
  const source = runDirectorySource({ clock }, { path: directory })
  t.teardown(() => source.stop())
  await source.start(signal)
  const [, id] = [...logs.keys()]
  const stepOf = (peer: string) => source.timeline.head.peers.get(peer)?.summary?.step
  t.is(stepOf(id!), 5)
  t.is(source.nameOf(id!), 'peer-2')
  const step = {
    type: 'step',
    step: 6,
    loss: 1,
    tokens: 9,
    learningRate: 1,
    gradientNorm: 1,
    stepMs: 1,
    wallMs: 1,
    by: id,
  }
  const line = JSON.stringify({ ...step, time: 1_700_000_100_000 })
  const path = join(directory, 'peer-2', 'events.jsonl')
  await appendFile(path, line.slice(0, 30))
  await clock.advance(2000)
  t.is(stepOf(id!), 5)
  await appendFile(path, `${line.slice(30)}\nnot an event\n`)
  await mkdir(join(directory, 'peer-3'))
  await writeFile(join(directory, 'peer-3', 'events.jsonl'), `${line.replace(id!, 'newcomer')}\n`)
  while (stepOf('newcomer') === undefined) await clock.advance(1000)
  t.is(stepOf(id!), 6)
  t.deepEqual(
    source.sources().map(({ name, damaged }) => [name, damaged]),
    [
      ['peer-1', 0],
      ['peer-2', 1],
      ['peer-3', 0],
    ],
  )
})

test('the newest part of large records is shown before the rest is read, and replaced by all of it', async t => {
  const logs = swarmEvents('large', { peers: 2, steps: 20 })
  const directory = await swarmDirectory(t, logs)
  const path = join(directory, 'peer-1', 'events.jsonl')
  const [first] = (await readFile(path, 'utf8')).split('\n')
  const filler = `${JSON.stringify({ type: 'warning', reason: 'fill', message: 'x'.repeat(1000), time: 1, by: JSON.parse(first!).by })}\n`
  await writeFile(path, `${first}\n${filler.repeat(6000)}${(await readFile(path, 'utf8')).slice(first!.length + 1)}`)
  const source = runDirectorySource({ clock: virtualClock() }, { path: directory })
  t.teardown(() => source.stop())
  await source.start(signal)
  t.truthy(source.provisional)
  t.true(source.indexed < 1)
  const [id] = [...logs.keys()]
  t.is(source.provisional?.swarm.peers.get(id!)?.summary?.step, 20)
  while (source.indexed < 1) await new Promise(setImmediate)
  t.is(source.provisional, undefined)
  t.is(source.timeline.head.peers.get(id!)?.summary?.warnings.reasons.fill, 6000)
})

test('a directory without records, and one of several runs, are told apart from a run', async t => {
  const logs = swarmEvents('runs', { peers: 2, steps: 2 })
  const directory = await swarmDirectory(t, logs)
  for (const [i, run] of ['a', 'b'].entries()) {
    await writeFile(join(directory, `peer-${i + 1}`, 'run.yaml'), `# Run ${run.repeat(32)}, with all defaults\n`)
  }
  const open = (path: string) => runDirectorySource({ clock: virtualClock() }, { path }).start(signal)
  const several = await t.throwsAsync(open(directory))
  t.true(isErrorCode(several, 'USAGE'))
  t.regex(several!.message, /2 runs/)
  await mkdir(join(directory, 'empty'))
  t.true(isErrorCode(await t.throwsAsync(open(join(directory, 'empty'))), 'STORAGE_FAILED'))
  t.true(isErrorCode(await t.throwsAsync(open(join(directory, 'nowhere'))), 'STORAGE_FAILED'))
})

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { readRecording } from '../../../../src/experiment/trace/recording.ts'
import { RecordedPeer } from '../../../support/event-log.ts'
import { processFolder } from '../../../support/tiny-text.ts'

const folder = processFolder()

test('a step is replayed with the pause before it, without rounds, an evaluation counting as a usual pause', async t => {
  const peer = new RecordedPeer('a', 1000)
    .step(10, 12)
    .step(11, 14)
    .evaluation()
    .step(10, 300)
    .exchange({ id: 'round-1', partner: 'b', ms: 40 })
    .exchange({ id: 'round-1', partner: 'c', ms: 40 })
    .step(20, 65)
    .exchange({ id: 'x', partner: 'b', ms: 500 }) // beside the steps, which did not wait for it
    .step(9, 10)
  const { compute } = await readRecording(peer.write(join(folder, 'one', 'events.jsonl')))
  // The pauses are 2, 3, 290 (evaluated: the median of the others), 45 - 40, 1.
  t.deepEqual(compute.peers, [{ offset: 0, steps: [12, 14, 13, 25, 10] }])
})

test('a swarm keeps the order of its names and the offsets of its beginnings', async t => {
  const swarm = join(folder, 'swarm')
  for (const [name, began, ms] of [
    ['peer-10', 5000, 30],
    ['peer-2', 5200, 20],
    ['peer-1', 5700, 10],
  ] as const) {
    new RecordedPeer(name, began)
      .step(ms)
      .step(ms)
      .write(join(swarm, name, 'events.jsonl'))
  }
  const { compute, links } = await readRecording(swarm)
  t.deepEqual(compute.peers, [
    { offset: 700, steps: [10, 10] },
    { offset: 200, steps: [20, 20] },
    { offset: 0, steps: [30, 30] },
  ])
  t.is(links.peers, 3)
})

test('half a line is passed over, a damaged log is not', async t => {
  const log = () => new RecordedPeer('a', 0).step(10).step(10)
  const half = log().write(join(folder, 'half', 'events.jsonl'), '{"type":"step","st')
  t.is((await readRecording(half)).compute.peers[0]!.steps.length, 2)
  const damaged = log().write(join(folder, 'damaged', 'events.jsonl'), 'x\n'.repeat(3))
  await t.throwsAsync(readRecording(join(folder, 'damaged')), {
    code: 'RECORD_INVALID',
    message: `Could not replay ${damaged}: 3 of 6 lines are no events; expected the events.jsonl of a peer, or a folder of such peers`,
  })
})

test('what holds no log, or no step, is named', async t => {
  const empty = join(folder, 'empty')
  mkdirSync(empty)
  await t.throwsAsync(readRecording(empty), { code: 'RECORD_INVALID', message: /there is no events\.jsonl/ })
  writeFileSync(join(empty, 'events.jsonl'), '')
  await t.throwsAsync(readRecording(empty), {
    code: 'RECORD_INVALID',
    message: /empty\/events\.jsonl: .*no training step/,
  })
  await t.throwsAsync(readRecording(join(folder, 'nowhere')), { code: 'STORAGE_FAILED', message: /nowhere/ })
})

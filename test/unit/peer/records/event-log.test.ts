import { existsSync } from 'node:fs'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../../../src/core/clock.ts'
import type { MurmurError } from '../../../../src/core/errors.ts'
import type { Recorded } from '../../../../src/core/telemetry.ts'
import { type EventLogInit, eventLog } from '../../../../src/peer/records/event-log.ts'
import { readEvents } from '../../../../src/peer/records/read-events.ts'
import { recorder } from '../../../../src/peer/records/recorder.ts'
import { exchangeEvent, stepEvent, steps } from './events.ts'

async function temporaryPath(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'murmur-events-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'events.jsonl')
}

async function openLog(t: ExecutionContext, init: EventLogInit) {
  const warnings: MurmurError[] = []
  const log = eventLog({ clock: systemClock, warn: error => warnings.push(error) }, init)
  await log.start()
  t.teardown(() => log.close())
  return { log, warnings }
}

async function readAll(path: string) {
  const reader = readEvents(path)
  const events: Recorded[] = []
  for await (const event of reader) events.push(event)
  return { events, damaged: reader.damaged }
}

test('what a peer records is read back, stamped, in order', async t => {
  const path = await temporaryPath(t)
  const { log } = await openLog(t, { path })
  let time = 5
  const telemetry = recorder({ clock: { date: () => time++ }, sinks: [log] }, 'peer-a')
  const written = [
    { type: 'state', state: 'starting', detail: 'ünïcode' },
    { type: 'membership', change: 'joined', peer: 'peer-b', live: 2 },
    { type: 'evaluation', step: 1, loss: 2, tokens: 9 },
    { type: 'checkpoint', step: 1, path: 'x', bytes: 1, ms: 1 },
    { type: 'warning', reason: 'r', message: 'm' },
  ] as const
  for (const event of written) telemetry.record(event)
  log.write(stepEvent())
  log.write(exchangeEvent())
  await log.close()
  log.write(stepEvent())
  const { events, damaged } = await readAll(path)
  t.is(damaged, 0)
  const stamped = written.map((event, i) => ({ ...event, time: 5 + i, by: 'peer-a' }))
  t.deepEqual(events, [...stamped, stepEvent(), exchangeEvent()])
})

test('events reach the disk without being asked for', async t => {
  const path = await temporaryPath(t)
  const { log } = await openLog(t, { path, flushEveryMs: 1 })
  log.write(stepEvent())
  while ((await readFile(path)).length === 0) await systemClock.sleep(1)
  t.is((await readAll(path)).events.length, 1)
})

test('a line torn by a SIGKILL is cut off on reopening, a whole one that lacks its newline is kept', async t => {
  for (const [tail, kept] of [
    ['{"type":"step","step":2,"lo', 1],
    [JSON.stringify(stepEvent({ step: 2 })), 2],
    [`{"x":"${'y'.repeat(200_000)}`, 1],
    ['', 1],
  ] as const) {
    const path = await temporaryPath(t)
    await writeFile(path, `${JSON.stringify(stepEvent())}\n${tail}`)
    const { log } = await openLog(t, { path })
    log.write(stepEvent({ step: 3 }))
    await log.close()
    const { events, damaged } = await readAll(path)
    t.is(damaged, 0)
    t.deepEqual(
      events.map(event => event.type === 'step' && event.step),
      [1, 2, 3].filter(step => step !== 2 || kept === 2),
    )
  }
})

const withFullDisk = existsSync('/dev/full') ? test : test.skip

withFullDisk('a full disk costs events and one warning, never an exception', async t => {
  const { log, warnings } = await openLog(t, { path: '/dev/full' })
  for (let round = 0; round < 3; round++) {
    log.write(stepEvent())
    log.write(stepEvent())
    await log.flush()
  }
  await log.close()
  t.is(log.lost, 6)
  t.is(warnings.length, 1)
  t.is(warnings[0]!.code, 'STORAGE_FAILED')
  t.regex(warnings[0]!.message, /^Events are lost: Could not write \/dev\/full: .*ENOSPC/)
})

test('what waits for the disk is bounded, and the log says how much was lost', async t => {
  const path = await temporaryPath(t)
  const { log, warnings } = await openLog(t, { path, maxPending: 5, flushEveryMs: 60_000 })
  for (const event of steps(8)) log.write(event)
  t.is(log.lost, 3)
  t.is(warnings.length, 1)
  await log.close()
  const { events } = await readAll(path)
  t.deepEqual(
    events.map(event => (event.type === 'step' ? event.step : event.type === 'warning' && event.message)),
    ['3 events before this one were lost', 1, 2, 3, 4, 5],
  )
})

test('a folder that is not there is one named error', async t => {
  const log = eventLog({ clock: systemClock, warn: () => {} }, { path: '/nowhere/events.jsonl' })
  await t.throwsAsync(log.start(), { code: 'STORAGE_FAILED' })
  await t.throwsAsync(readAll('/nowhere/events.jsonl'), { code: 'STORAGE_FAILED' })
  t.throws(() => eventLog({ clock: systemClock, warn: () => {} }, { path: 'x', maxPending: 0 }), { code: 'USAGE' })
})

test('damaged lines are counted and passed over', async t => {
  const path = await temporaryPath(t)
  const good = JSON.stringify(stepEvent())
  const damaged = ['nonsense', '{}', '{"type":"step"}', good.replace('512', '"many"'), good.replace('step', 'stop')]
  const long = `"${'z'.repeat(300_000)}"`
  await appendFile(path, [good, ...damaged, '', long, good, '\u0000\u0000', good.slice(0, 30)].join('\n'))
  const result = await readAll(path)
  t.is(result.events.length, 2)
  t.is(result.damaged, damaged.length + 3)
})

test('a diverged loss stays readable; a newer writer is understood', async t => {
  const path = await temporaryPath(t)
  const { log } = await openLog(t, { path })
  log.write(stepEvent({ loss: Number.NaN, gradientNorm: Number.POSITIVE_INFINITY }))
  log.write({ ...stepEvent(), novelty: 1 } as Recorded)
  await log.close()
  const { events, damaged } = await readAll(path)
  t.is(damaged, 0)
  t.deepEqual(events, [stepEvent({ loss: Number.NaN, gradientNorm: Number.NaN }), stepEvent()])
})

import { PassThrough, Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import test from 'ava'
import { createOutput, type OutputInit, type OutputStream } from '../../../src/cli/output.ts'
import { steps } from '../peer/records/events.ts'

function setUp(init: OutputInit = {}, terminal: Partial<OutputStream> = {}) {
  const stdout = Object.assign(new PassThrough({ encoding: 'utf8' }), terminal)
  const stderr = Object.assign(new PassThrough({ encoding: 'utf8' }), terminal)
  const output = createOutput({ stdout, stderr, env: {} }, init)
  const read = (stream: PassThrough) => (stream.read() as string | null) ?? ''
  return { output, out: () => read(stdout), err: () => read(stderr) }
}

test('results go to stdout, everything else to stderr', t => {
  const { output, out, err } = setUp()
  output.result({ answer: 42 }, () => 'The answer is 42')
  output.line('by the way')
  output.warn('careful\n  now')
  output.failure({ code: 'USAGE', message: 'no\nway', details: {} })
  t.is(out(), 'The answer is 42\n')
  t.is(err(), 'by the way\nmurmur: warning: careful now\nmurmur: no way\n')
})

test('--json: one object a line on stdout, failures too', t => {
  const { output, out, err } = setUp({ json: true })
  output.result({ text: 'a\nb' }, () => t.fail() as never)
  output.line('by the way')
  output.failure({ code: 'PORT_IN_USE', message: 'taken', details: { port: 1 } })
  const lines = out().trimEnd().split('\n')
  t.deepEqual(
    lines.map(line => JSON.parse(line)),
    [{ text: 'a\nb' }, { error: { code: 'PORT_IN_USE', message: 'taken', details: { port: 1 } } }],
  )
  t.is(err(), 'by the way\nmurmur: taken\n')
})

test('--quiet: results and errors only', async t => {
  const { output, out, err } = setUp({ quiet: true })
  output.line('by the way')
  output.warn('careful')
  const view = await output.progress({ shape: 'peer' })
  for (const event of steps(100)) view.write(event)
  view.stop()
  output.result(1, () => 'one')
  output.failure({ code: 'USAGE', message: 'no', details: {} })
  t.is(out(), 'one\n')
  t.is(err(), 'murmur: no\n')
})

test('progress off a terminal: a line every five seconds of events and one at the end', async t => {
  const { output, err } = setUp()
  const view = await output.progress({ shape: 'peer', totalSteps: 250 })
  view.write({ type: 'state', state: 'training', time: 0, by: 'peer-a' })
  for (const event of steps(250)) view.write(event) // 12.5 seconds
  view.stop()
  view.stop()
  const lines = err().trimEnd().split('\n')
  t.deepEqual(
    lines.map(line => line.split('  ')[0]),
    ['training', 'step 1/250', 'step 101/250', 'step 201/250', 'step 250/250'],
  )
})

test('progress on a terminal: drawn in place, lines stay above it, the last state stays', async t => {
  const { output, out, err } = setUp({}, { isTTY: true, columns: 60, rows: 10 })
  const view = await output.progress({ shape: 'swarm', totalSteps: 100 })
  for (const event of steps(50)) view.write(event)
  output.line('hello')
  t.regex(stripVTControlCharacters(err()), /^hello\n1 peers .*50%/s)
  output.line('again')
  // Erases the table's lines before it writes where they were.
  t.true(err().split('again\n')[0]!.includes('\u001b[2K'))
  output.result(1, () => 'a result')
  for (const event of steps(100).slice(50)) view.write(event)
  view.stop()
  const last = stripVTControlCharacters(err())
  t.regex(last, /100%/)
  t.is(out(), 'a result\n')
  t.true(last.split('\n').every(line => line.length <= 60))
  output.line('after')
  t.is(err(), 'after\n')
})

test('a stdout that breaks is told once, with the reason', async t => {
  const broken = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('broken pipe'), { code: 'EPIPE' })),
  })
  const output = createOutput({ stdout: broken, stderr: new PassThrough(), env: {} })
  const told = new Promise(resolve => output.closed.addEventListener('abort', resolve))
  output.result(1, () => 'one')
  await told
  t.is(output.closed.reason.code, 'EPIPE')
  t.notThrows(() => output.result(2, () => 'two'))
})

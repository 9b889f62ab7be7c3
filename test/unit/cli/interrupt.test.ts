import { EventEmitter } from 'node:events'
import test from 'ava'
import { interruptOnSignals } from '../../../src/cli/interrupt.ts'
import { isErrorCode } from '../../../src/core/errors.ts'

function setUp() {
  const source = new EventEmitter()
  const said: string[] = []
  let ends = 0
  let time = 1000
  const interrupt = interruptOnSignals({
    source,
    now: () => time,
    say: line => said.push(line),
    end: () => {
      ends += 1
    },
  })
  const pass = (ms: number) => {
    time += ms
  }
  return { source, said, ends: () => ends, interrupt, pass }
}

test('the first signal asks to stop and says what is finished; the second one ends the process', t => {
  const { source, said, ends, interrupt, pass } = setUp()
  interrupt.finishing('the exchange under way, then a checkpoint')
  t.false(interrupt.signal.aborted)
  source.emit('SIGINT', 'SIGINT')
  t.true(interrupt.signal.aborted)
  t.true(isErrorCode(interrupt.signal.reason, 'CANCELLED'))
  t.deepEqual(said, ['SIGINT: finishing the exchange under way, then a checkpoint (once more to exit at once)'])
  t.is(ends(), 0)
  pass(1000)
  source.emit('SIGTERM', 'SIGTERM')
  t.is(ends(), 1)
})

test('the copy of a Ctrl-C that npm passes on is not a second one', t => {
  const { source, ends, pass } = setUp()
  source.emit('SIGINT', 'SIGINT')
  pass(20)
  source.emit('SIGINT', 'SIGINT')
  t.is(ends(), 0)
  pass(200)
  source.emit('SIGINT', 'SIGINT')
  t.is(ends(), 1)
})

test('after stop signals are not heard any more', t => {
  const { source, interrupt } = setUp()
  interrupt.stop()
  t.is(source.listenerCount('SIGINT') + source.listenerCount('SIGTERM') + source.listenerCount('SIGHUP'), 0)
})

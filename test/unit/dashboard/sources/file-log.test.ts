import test from 'ava'
import { fileLog } from '../../../../src/dashboard/sources/file-log.ts'
import { swarmDirectory, swarmEvents } from '../../../support/swarm-events.ts'

test('reading that is cut off ends with the reason that was given', async t => {
  const directory = await swarmDirectory(t, swarmEvents('cut off', { peers: 1, steps: 2000 }))
  const log = fileLog()
  log.addFile(`${directory}/peer-1/events.jsonl`)
  const cut = new AbortController()
  const reason = new Error('enough')
  const reading = log.readAll(log.begin, cut.signal)
  t.false((await reading.next()).done)
  const next = reading.next()
  cut.abort(reason)
  t.is(await t.throwsAsync(next), reason)
})

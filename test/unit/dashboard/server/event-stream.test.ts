import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import test from 'ava'
import { type EventStream, eventStream } from '../../../../src/dashboard/server/event-stream.ts'

test('a reader that does not read is sent away before much waits for it; one that reads may take any amount', async t => {
  const streams: EventStream[] = []
  const server = createServer((_, response) => streams.push(eventStream(response))).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const open = async () => {
    const [response] = await once(get({ host: '127.0.0.1', port, agent: false }), 'response')
    response.on('error', () => {}) // it is cut
    return response
  }
  const [stuck, reader] = [await open(), await open()]
  stuck.pause()
  let read = 0
  reader.on('data', (chunk: Buffer) => {
    read += chunk.length
  })
  const [slow, quick] = streams
  const text = 'x'.repeat(1 << 20)
  let sent = 0
  while (!slow!.closed.aborted) {
    slow!.sendText(text)
    quick!.sendText(text)
    sent += text.length
    t.true(slow!.waiting < 6 << 20)
    if (sent > 256 << 20) return t.fail('It is still there')
    while (read < sent) await nextTurn()
  }
  t.false(quick!.closed.aborted)
  slow!.sendText(text) // does no harm
})

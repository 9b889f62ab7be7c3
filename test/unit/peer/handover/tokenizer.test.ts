import test from 'ava'
import { LARGEST_TOKENIZER } from '../../../../src/compute/data/open-tokenizer.ts'
import { memoryNetwork } from '../../../../src/network/memory.ts'
import { fetchTokenizer, serveTokenizer } from '../../../../src/peer/handover/tokenizer.ts'
import { virtualClock } from '../../../support/virtual-clock.ts'

const PROTOCOL = '/murmuration/tokenizer/1.0.0'
const signal = new AbortController().signal

async function pair() {
  const network = memoryNetwork()
  const [server, joiner] = [network.transport('server'), network.transport('joiner')]
  await server.start()
  await joiner.start()
  await joiner.learn('server', ['/memory/server'])
  return { server, components: { transport: joiner, clock: virtualClock() } }
}

test('a file of many chunks arrives as it is', async t => {
  const { server, components } = await pair()
  const content = Uint8Array.from({ length: 300_001 }, (_, i) => (i * 31) % 251)
  await serveTokenizer(server, content)
  t.deepEqual(await fetchTokenizer(components, 'server', signal), content)
})

for (const [what, header] of Object.entries({
  garbage: 'garbage',
  'no size': '{}',
  'more than a tokenizer can be': `{"bytes":${LARGEST_TOKENIZER + 1}}`,
  'nothing at all': '{"bytes":0}',
})) {
  test(`${what} is refused`, async t => {
    const { server, components } = await pair()
    await server.handle(PROTOCOL, channel => channel.send(new TextEncoder().encode(header), signal))
    await t.throwsAsync(fetchTokenizer(components, 'server', signal), { code: 'MESSAGE_INVALID' })
  })
}

test('a peer that has none, one that is silent, and one that breaks off', async t => {
  const { server, components } = await pair()
  await t.throwsAsync(fetchTokenizer(components, 'server', signal), { code: 'PROTOCOL_MISMATCH' })
  let answer = (): Promise<void> => new Promise(() => {})
  await server.handle(PROTOCOL, async channel => {
    await channel.send(new TextEncoder().encode('{"bytes":1000}'), signal)
    await answer()
  })
  const silent = t.throwsAsync(fetchTokenizer(components, 'server', signal), { code: 'TIMED_OUT' })
  await components.clock.advance(60_000)
  await silent
  answer = async () => {}
  await t.throwsAsync(fetchTokenizer(components, 'server', signal), { code: 'CHANNEL_BROKEN' })
})

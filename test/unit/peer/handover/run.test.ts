import test from 'ava'
import { memoryNetwork } from '../../../../src/network/memory.ts'
import { fetchRun, serveRun } from '../../../../src/peer/handover/run.ts'
import { canonicalSpecification, runId } from '../../../../src/peer/specification/canonical.ts'
import { specificationSchema } from '../../../../src/peer/specification/schema.ts'
import { virtualClock } from '../../../support/virtual-clock.ts'

const specification = specificationSchema.parse({})
const signal = new AbortController().signal

async function pair() {
  const network = memoryNetwork()
  const [server, joiner] = [network.transport('server'), network.transport('joiner')]
  await server.start()
  await joiner.start()
  await joiner.learn('server', ['/memory/server'])
  return { server, components: { transport: joiner, clock: virtualClock() } }
}

test('a joiner gets the specification and checks its id', async t => {
  const { server, components } = await pair()
  await serveRun(server, canonicalSpecification(specification))
  t.deepEqual(await fetchRun(components, 'server', undefined, signal), specification)
  t.deepEqual(await fetchRun(components, 'server', runId(specification), signal), specification)
  await t.throwsAsync(fetchRun(components, 'server', 'f'.repeat(32), signal), { code: 'RUN_MISMATCH' })
})

for (const [what, text] of Object.entries({
  garbage: 'garbage',
  'an unknown key': '{"speed":1}',
  'a text that is not canonical': '{}',
  'bytes that are not UTF-8': undefined,
})) {
  test(`${what}: MESSAGE_INVALID`, async t => {
    const { server, components } = await pair()
    if (text !== undefined) await serveRun(server, text)
    else await server.handle('/murmuration/run/1.0.0', channel => channel.send(new Uint8Array([0xff, 0xfe]), signal))
    await t.throwsAsync(fetchRun(components, 'server', undefined, signal), { code: 'MESSAGE_INVALID' })
  })
}

test('a peer that serves no run, one that is silent, and a specification that is too long', async t => {
  const { server, components } = await pair()
  await t.throwsAsync(fetchRun(components, 'server', undefined, signal), { code: 'PROTOCOL_MISMATCH' })
  await server.handle('/murmuration/run/1.0.0', () => new Promise(() => {}))
  const silent = t.throwsAsync(fetchRun(components, 'server', undefined, signal), { code: 'TIMED_OUT' })
  await components.clock.advance(20_000)
  await silent
  await t.throwsAsync(serveRun(server, 'x'.repeat(65_537)), { code: 'SPECIFICATION_INVALID' })
})

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { libp2pTransport } from '../../../../src/network/libp2p/transport.ts'

const MAIN = fileURLToPath(new URL('../../../../bootstrap/main.ts', import.meta.url))

function run(t: ExecutionContext, args: string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env } })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [data] = await once(child.stdout!, 'data')
  return String(data).trim()
}

test('it says where it is, introduces itself, leaves politely and comes back as the same', async t => {
  t.timeout(30_000)
  const folder = await mkdtemp(join(tmpdir(), 'murmur-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const identity = join(folder, 'bootstrap.key')
  const first = run(t, ['--listen', '/ip4/127.0.0.1/tcp/0', '--identity', identity, '--json'])
  const { peer, addresses } = JSON.parse(await firstLine(first))
  const visitor = await libp2pTransport({ listen: [] })
  t.teardown(() => visitor.stop())
  await visitor.start()
  t.is(await visitor.dial(addresses[0], AbortSignal.timeout(5000)), peer)
  const exit = once(first, 'exit')
  first.kill('SIGTERM')
  t.deepEqual(await exit, [0, null])

  const second = run(t, [], { MURMUR_LISTEN: '/ip4/127.0.0.1/tcp/0', MURMUR_IDENTITY: identity })
  t.true((await firstLine(second)).endsWith(peer))
  const secondExit = once(second, 'exit')
  second.kill('SIGINT')
  t.deepEqual(await secondExit, [0, null])
})

test('a mistake in the settings is one line and exit code 2', async t => {
  t.timeout(30_000)
  for (const args of [['--listen', 'here'], ['--reservations', 'many'], ['--unheard-of']]) {
    const child = run(t, ['--identity', join(tmpdir(), 'murmur-never-made', 'key'), ...args])
    const [errors, [code]] = await Promise.all([text(child.stderr!), once(child, 'exit')])
    t.is(code, 2)
    t.is(errors.trim().split('\n').length, 1, errors)
  }
})

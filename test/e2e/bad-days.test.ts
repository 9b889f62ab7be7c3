import { once } from 'node:events'
import { chmod, mkdir, readdir, truncate, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { exitCodeOf } from '../../src/cli/exit-codes.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { runPaths } from '../../src/peer/checkpoint/run-directory.ts'
import { type MurmurProcess, spawnMurmur } from '../support/murmur-process.ts'
import { runFolder } from '../support/run-folder.ts'

/** What goes wrong for users, each with one clear line and an exit code of its own. */

const NETWORK = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-relay', '--quiet']
const PEER = '12D3KooWDMBkWTkUtTLtWU5pCJdUH4vbQtvnv9UJNkGBQrTtKmCv'

async function fails(t: ExecutionContext, peer: MurmurProcess, code: ErrorCode, line: RegExp): Promise<void> {
  const ended = await peer.ended
  t.is(ended.code, exitCodeOf(code), ended.err)
  t.regex(ended.err, /^murmur: [^\n]+\n$/)
  t.regex(ended.err, line)
  t.like(ended.last, { error: { code } })
}

/** A port of this machine, taken until the test ends or set free at once. */
async function port(t: ExecutionContext, taken: boolean): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const number = (server.address() as AddressInfo).port
  if (taken) t.teardown(() => server.close())
  else await new Promise(resolve => server.close(resolve))
  return number
}

test.serial('a specification that is wrong', async t => {
  const { folder, yaml, write } = await runFolder(t)
  const start = (path: string) => spawnMurmur(t, ['start', path, ...NETWORK, '--directory', join(folder, 'x')])
  await fails(t, start(await write('a.yaml', { stepz: 5 })), 'SPECIFICATION_INVALID', /a\.yaml.*stepz.*steps/)
  await fails(t, start(await write('b.yaml', { batch: 0 })), 'SPECIFICATION_INVALID', /batch.*0/)
  await fails(t, start(join(folder, 'none.yaml')), 'USAGE', /none\.yaml.*murmur init/)
  await writeFile(yaml, 'model: {')
  await fails(t, start(yaml), 'SPECIFICATION_INVALID', /run\.yaml/)
})

test.serial('a corpus that is missing or too small', async t => {
  const { folder, write } = await runFolder(t)
  const train = (path: string) => spawnMurmur(t, ['train', path, '--quiet', '--directory', join(folder, 'x')])
  const missing = await write('a.yaml', { data: { paths: [join(folder, 'nothing')] } })
  await fails(t, train(missing), 'CORPUS_MISSING', /nothing/)
  await writeFile(join(folder, 'tiny.txt'), 'too short')
  const tiny = await write('b.yaml', { data: { paths: [join(folder, 'tiny.txt')] }, seed: 1 })
  const there = spawnMurmur(t, ['train', tiny, '--quiet', '--directory', join(folder, 'y')])
  await fails(t, there, 'CORPUS_TOO_SMALL', /9 tokens/)
})

test.serial('an invitation that is malformed, or that nobody answers', async t => {
  const { folder } = await runFolder(t)
  const enter = (invitation: string, name: string) =>
    spawnMurmur(t, ['join', invitation, ...NETWORK, '--directory', join(folder, name)])
  await fails(t, enter('hello', 'a'), 'INVITATION_MALFORMED', /hello/)
  await fails(t, enter('/ip4/127.0.0.1/tcp/1/p2p/nobody', 'b'), 'INVITATION_MALFORMED', /nobody/)
  await fails(t, enter('/ip4/127.0.0.1/tcp/1', 'c'), 'INVITATION_MALFORMED', /127\.0\.0\.1/)
  const closed = `/ip4/127.0.0.1/tcp/${await port(t, false)}/p2p/${PEER}#${'0'.repeat(32)}`
  await fails(t, enter(closed, 'd'), 'PEER_UNREACHABLE', /127\.0\.0\.1/)
})

test.serial('a port that is taken', async t => {
  const { folder, yaml } = await runFolder(t)
  const address = `/ip4/127.0.0.1/tcp/${await port(t, true)}`
  const args = ['start', yaml, '--listen', address, '--no-mdns', '--quiet', '--directory', join(folder, 'a')]
  await fails(t, spawnMurmur(t, args), 'PORT_IN_USE', new RegExp(address))
})

test.serial('a directory that cannot be written, is in use, or holds another run', async t => {
  const { folder, yaml, write } = await runFolder(t)
  const train = (path: string, directory: string) =>
    spawnMurmur(t, ['train', path, '--quiet', '--directory', directory])
  const sealed = join(folder, 'sealed')
  await mkdir(sealed, { mode: 0o500 })
  t.teardown(() => chmod(sealed, 0o700))
  // Nothing is forbidden to root but what the system itself cannot do.
  await fails(
    t,
    train(yaml, process.getuid?.() === 0 ? '/sys/murmur' : join(sealed, 'a')),
    'STORAGE_FAILED',
    /Could not/,
  )
  await fails(t, train(yaml, join(yaml, 'a')), 'STORAGE_FAILED', /run\.yaml/)

  const first = train(yaml, join(folder, 'a'))
  await first.event('checkpoint')
  await fails(t, train(yaml, join(folder, 'a')), 'STORAGE_FAILED', /process/)
  first.kill('SIGINT')
  t.is((await first.ended).code, 0)
  await fails(t, train(await write('b.yaml', { seed: 1 }), join(folder, 'a')), 'RUN_MISMATCH', /holds run/)
})

test.serial('a checkpoint that is cut short: the one before it serves, until there is none', async t => {
  const { folder, yaml } = await runFolder(t, { checkpoint: { every: 10 } })
  const directory = join(folder, 'a')
  const { checkpoints } = runPaths(directory)
  const train = () => spawnMurmur(t, ['train', yaml, '--quiet', '--directory', directory])
  const first = train()
  await first.event('checkpoint', ({ step }) => step >= 20)
  first.kill('SIGKILL')
  await first.ended
  const [older, newest] = (await readdir(checkpoints)).filter(name => name.endsWith('.safetensors')).toSorted()
  await truncate(join(checkpoints, newest!), 5000)
  const second = train()
  const { step } = await second.event('step')
  t.is(step, Number(/\d+/.exec(older!)![0]) + 1)
  t.true((await second.event('warning', ({ reason }) => reason === 'checkpoint-damaged')).message.includes(newest!))
  second.kill('SIGKILL')
  await second.ended
  for (const name of await readdir(checkpoints)) await truncate(join(checkpoints, name), 5000)
  await fails(t, train(), 'CHECKPOINT_INVALID', /move .* away to start over/)
})

test.serial('a model that diverges', async t => {
  const { folder, write } = await runFolder(t)
  const wild = await write('a.yaml', { gradientClip: 0, optimizer: { kind: 'sgd', learningRate: 100 } })
  const peer = spawnMurmur(t, ['train', wild, '--quiet', '--directory', join(folder, 'a')])
  await fails(t, peer, 'VALUES_INVALID', /learning rate/)
  t.is(peer.latest('checkpoint')!.step, 0)
})

test.serial('another run than the one invited to, and a peer of none', async t => {
  const { folder, yaml } = await runFolder(t)
  const a = spawnMurmur(t, ['start', yaml, ...NETWORK, '--directory', join(folder, 'a')])
  const { invitations } = await a.listening()
  await a.event('step')
  const other = invitations[0]!.replace(/#.*/, `#${'0'.repeat(32)}`)
  const joiner = spawnMurmur(t, ['join', other, ...NETWORK, '--directory', join(folder, 'b')])
  await fails(t, joiner, 'RUN_MISMATCH', /0{32}/)
  const bootstrap = spawnMurmur(t, ['bootstrap', '--listen', '/ip4/127.0.0.1/tcp/0', '--identity', join(folder, 'key')])
  const { addresses } = await bootstrap.object(({ addresses: list }) => list !== undefined)
  const lost = spawnMurmur(t, ['join', (addresses as string[])[0]!, ...NETWORK, '--directory', join(folder, 'c')])
  await fails(t, lost, 'PROTOCOL_MISMATCH', /run/)
})

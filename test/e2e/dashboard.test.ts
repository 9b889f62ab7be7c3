import { setTimeout as delay } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import type { SwarmState } from '../../src/dashboard/api/state.ts'
import { type MurmurProcess, spawnMurmur } from '../support/murmur-process.ts'
import { runFolder } from '../support/run-folder.ts'

const LOCAL = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-relay', '--backend', 'cpu', '--threads', '1']

async function urlOf(process: MurmurProcess): Promise<string> {
  return (await process.object(({ type }) => type === 'dashboard')).url as string
}

/** Asks until the state is as expected; the test's own deadline ends it. */
async function state(url: string, accepts: (state: SwarmState) => boolean): Promise<SwarmState> {
  for (;;) {
    const found = (await (await fetch(new URL('/api/state', url))).json()) as SwarmState
    if (accepts(found)) return found
    await delay(100)
  }
}

test('a swarm is seen by one of its peers, by an observer that is nobody, and in its records', async t => {
  const { folder, yaml } = await runFolder(t)
  const start = spawnMurmur(t, ['start', yaml, '--dashboard', '0', '-d', `${folder}/a`, ...LOCAL])
  const { invitations, peer: a } = await start.listening()
  const join = spawnMurmur(t, ['join', invitations[0]!, '-d', `${folder}/b`, ...LOCAL])
  const { peer: b } = await join.listening()
  await start.event('exchange', ({ outcome }) => outcome === 'ok')

  const observer = spawnMurmur(t, ['dashboard', invitations[0]!, '--port', '0'])
  const directory = spawnMurmur(t, ['dashboard', folder, '--port', '0'])
  const ids = [a, b].sort()
  const both = ({ peers, edges }: SwarmState) =>
    peers.length === 2 && edges.some(({ ok }) => ok > 0) && peers.every(({ step }) => step > 0)
  for (const [name, process] of Object.entries({ start, observer, directory })) {
    const { peers, edges } = await state(await urlOf(process), both)
    t.deepEqual(peers.map(({ id }) => id).sort(), ids, name)
    t.deepEqual(
      edges.map(edge => [edge.a, edge.b]),
      [ids],
      name,
    )
    t.true(
      peers.every(({ presence }) => presence === 'live'),
      name,
    )
  }
  const seen = new Set([...start.all('membership'), ...join.all('membership')].map(({ peer }) => peer))
  t.deepEqual([...seen].sort(), ids)
  const metrics = await (await fetch(new URL('/metrics', await urlOf(observer)))).text()
  t.regex(metrics, /^murmur_swarm_peers\{presence="live"\} 2$/m)
  t.regex(metrics, /^libp2p_/m)

  join.kill('SIGKILL')
  for (const process of [start, observer, directory]) {
    const { peers } = await state(await urlOf(process), ({ totals }) => totals.silent + totals.departed === 1)
    t.is(peers.find(({ presence }) => presence !== 'live')?.id, b)
  }
  const status = await spawnMurmur(t, ['status', folder]).ended
  t.is(status.code, 0)
  t.is((status.last as unknown as SwarmState).peers.length, 2)
  await leave(t, observer)
  await leave(t, directory)
  await leave(t, start)
})

async function leave(t: ExecutionContext, process: MurmurProcess): Promise<void> {
  process.kill('SIGINT')
  t.is((await process.ended).code, 0)
}

test('what cannot be shown is told in one line', async t => {
  const { folder } = await runFolder(t)
  const cases: [args: string[], code: number, message: RegExp][] = [
    [['status', folder], 31, /^murmur: Expected an events\.jsonl in /],
    [['dashboard', `${folder}/nowhere`], 31, /^murmur: Could not look at .*nowhere/],
    [['status', '/ip4/127.0.0.1/tcp/1'], 20, /^murmur: .*\/ip4\/127\.0\.0\.1\/tcp\/1/],
    [['dashboard', '--port', '70000'], 2, /^murmur: .*--port/],
    [['start', '--dashboard', 'run.yaml'], 2, /^murmur: .*--dashboard/],
  ]
  for (const [args, code, message] of cases) {
    const ended = await spawnMurmur(t, args, { cwd: folder }).ended
    t.is(ended.code, code, args.join(' '))
    t.regex(ended.err, message)
    t.is(ended.err.trim().split('\n').length, 1, ended.err)
  }
})

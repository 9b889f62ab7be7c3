import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { DemoOutcome } from '../../src/cli/demo/demo.ts'
import { type MurmurProcess, spawnMurmur } from '../support/murmur-process.ts'
import { runFolder } from '../support/run-folder.ts'

/** Peers as their users run them: real processes that find each other over libp2p on the loopback interface. */

const NETWORK = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-relay']

/** Ctrl-C, and what must follow: the end within five seconds, a checkpoint of the last step, no error. */
async function stopPolitely(t: ExecutionContext, peer: MurmurProcess): Promise<number> {
  const begun = performance.now()
  peer.kill('SIGINT')
  const { code, err, last } = await peer.ended
  const seconds = (performance.now() - begun) / 1000
  t.is(code, 0, err.slice(-2000))
  t.true(seconds < 5, `took ${seconds} s to leave`)
  const { step } = peer.latest('step')!
  t.is(peer.latest('checkpoint')!.step, step)
  t.like(last, { type: 'summary', step })
  t.is(peer.latest('state')!.state, 'stopped')
  return step
}

const okWith =
  (partner: string, after = 0) =>
  (event: { partner: string; outcome: string; time: number }) =>
    event.partner === partner && event.outcome === 'ok' && event.time > after

test.serial('a swarm lives on when a peer is killed, takes in a late one, is stopped and resumed', async t => {
  const { folder, yaml } = await runFolder(t)
  const begin = (...args: string[]) => spawnMurmur(t, [...args, ...NETWORK])
  const startA = () => begin('start', yaml, '--directory', join(folder, 'a'))
  const joinAs = (name: string, invitation: string) => begin('join', invitation, '--directory', join(folder, name))

  const a = startA()
  const { peer: idA, invitations } = await a.listening()
  const invitation = invitations[0]!
  const [b, c] = [joinAs('b', invitation), joinAs('c', invitation)]
  const [{ peer: idB, invitations: invitationsOfB }, { peer: idC }] = await Promise.all([b.listening(), c.listening()])
  await Promise.all([
    a.event('exchange', okWith(idB)),
    a.event('exchange', okWith(idC)),
    b.event('exchange', okWith(idC)),
    c.event('exchange', okWith(idA)),
  ])

  // One dies at once.
  c.kill('SIGKILL')
  t.is((await c.ended).code, null)
  const losses = await Promise.all(
    [a, b].map(peer => peer.event('membership', ({ change, peer: who }) => change === 'lost' && who === idC)),
  )
  for (const [peer, other, { time, live }] of [
    [a, idB, losses[0]!],
    [b, idA, losses[1]!],
  ] as const) {
    t.is(live, 2)
    const { step } = peer.latest('step')!
    await peer.event('exchange', okWith(other, time))
    await peer.event('step', event => event.step > step + 20)
  }

  // One comes late, by another's invitation.
  const initial = (await a.event('evaluation')).loss
  await a.event('evaluation', ({ loss }) => loss < initial - 2)
  const d = joinAs('d', invitationsOfB[0]!)
  const first = await d.event('evaluation')
  const swarm = a.latest('evaluation')!.loss
  t.true(first.loss < swarm + 0.5, `the late peer begins at ${first.loss}, the swarm is at ${swarm}`)
  t.true(first.loss < initial - 1.5)
  t.true(first.step > 0)
  t.is((await d.event('step')).step, first.step + 1)
  const { peer: idD } = await d.listening()
  await d.event('exchange', ({ outcome }) => outcome === 'ok')

  // All leave politely.
  await stopPolitely(t, d)
  for (const peer of [a, b]) {
    const { change } = await peer.event('membership', event => event.peer === idD && event.change !== 'joined')
    t.is(change, 'left')
  }
  const stepB = await stopPolitely(t, b)
  await a.event('membership', ({ change, peer }) => change === 'left' && peer === idB)
  const stepA = await stopPolitely(t, a)
  const before = a.latest('evaluation')!.loss

  // And go on.
  const a2 = startA()
  const again = await a2.listening()
  t.is(again.peer, idA)
  t.is((await a2.event('step')).step, stepA + 1)
  const resumed = await a2.event('evaluation')
  t.is(resumed.step, stepA)
  t.true(Math.abs(resumed.loss - before) < 0.3, `${before} before, ${resumed.loss} after`)
  const b2 = joinAs('b', again.invitations[0]!)
  t.is((await b2.listening()).peer, idB)
  t.true((await b2.event('step')).step > stepB)
  await b2.event('exchange', okWith(idA))
  const stops = await Promise.all([stopPolitely(t, a2), stopPolitely(t, b2)])
  t.true(stops[0] > stepA && stops[1] > stepB)
})

test.serial('a joiner whose introducer is killed gets its state from another peer', async t => {
  const { folder, yaml } = await runFolder(t)
  const a = spawnMurmur(t, ['start', yaml, ...NETWORK, '--directory', join(folder, 'a')])
  const [invitation] = (await a.listening()).invitations
  const b = spawnMurmur(t, ['join', invitation!, ...NETWORK, '--directory', join(folder, 'b')])
  await b.event('exchange', ({ outcome }) => outcome === 'ok')
  const joiner = spawnMurmur(t, ['join', invitation!, ...NETWORK, '--directory', join(folder, 'j')])
  await joiner.listening() // it knows the run now, and has not yet asked for the parameters
  a.kill('SIGKILL')
  const { step } = await joiner.event('step')
  t.true(step > 1)
  const { peer } = await b.listening()
  await joiner.event('exchange', okWith(peer))
})

test.serial('a second Ctrl-C exits at once', async t => {
  const { folder, yaml } = await runFolder(t)
  // A disk that never answers: the polite way out takes until its deadline.
  const preload = `
    import fs from 'node:fs/promises'
    import { syncBuiltinESMExports } from 'node:module'
    const { rename } = fs
    fs.rename = (from, to) => (to.endsWith('.safetensors') ? new Promise(() => {}) : rename(from, to))
    syncBuiltinESMExports()`
  const peers = ['impatient', 'patient'].map(name =>
    spawnMurmur(t, ['train', yaml, '--directory', join(folder, name)], { preload }),
  )
  const [impatient, patient] = peers as [MurmurProcess, MurmurProcess]
  await Promise.all(peers.map(peer => peer.event('step')))
  patient.kill('SIGINT')
  impatient.kill('SIGINT')
  await impatient.event('state', ({ state }) => state === 'stopping')
  // Signals close together are one wish: repeat it until it is heard as a second one.
  const insisting = setInterval(() => impatient.kill('SIGINT'), 50)
  t.teardown(() => clearInterval(insisting))
  const { signal, last } = await impatient.ended
  t.is(signal, 'SIGINT') // 130 in a shell
  t.not(last.type, 'summary')
  const politely = await patient.ended
  t.is(politely.code, 51)
  t.regex(politely.err, /^murmur: the last checkpoint took longer than \d+ ms\n/m)
})

test.serial('the demo tells what a swarm came to', async t => {
  const { folder, yaml } = await runFolder(t)
  const directory = join(folder, 'demo')
  const demo = spawnMurmur(t, ['demo', yaml, '--peers', '2', '--steps', '200', '--directory', directory])
  const { code, err, last } = await demo.ended
  t.is(code, 0, err)
  t.false(err.includes('murmur: warning:'), err)
  const outcome = last as unknown as DemoOutcome
  t.deepEqual(keysOf(outcome), [
    'peers',
    'parameters',
    'tokens',
    'wallSeconds',
    'validationLoss.averaged.start',
    'validationLoss.averaged.end',
    'validationLoss.perPeer.0.start',
    'validationLoss.perPeer.0.end',
    'validationLoss.perPeer.1.start',
    'validationLoss.perPeer.1.end',
    'consensusDistance.start',
    'consensusDistance.end',
    'exchanges.tried',
    'exchanges.ok',
    ...Object.keys(outcome.exchanges.failed).map(reason => `exchanges.failed.${reason}`),
    'staleness.p50',
    'staleness.p95',
    'staleness.max',
    'bytesSent.perPeer',
    'bytesSent.perToken',
    'tokensPerSecond.perPeer',
    'tokensPerSecond.total',
    'trainingShare',
  ])
  t.is(outcome.peers, 2)
  t.is(outcome.parameters, 34_688)
  const { averaged, perPeer } = outcome.validationLoss
  for (const { start, end } of [averaged, ...perPeer]) {
    // All begin together, with an untrained model but for what an exchange brought before the first checkpoint.
    t.true(Math.abs(start - Math.log(256)) < 1, `${start}`)
    t.true(end < start - 1.5, `${start} -> ${end}`)
  }
  t.is(outcome.tokens, 2 * 200 * 4 * 32)
  t.true(outcome.consensusDistance.start >= 0 && outcome.consensusDistance.end > 0)
  t.true(outcome.exchanges.ok > 0)
  const failed = Object.values(outcome.exchanges.failed).reduce((sum, count) => sum + count, 0)
  t.is(outcome.exchanges.tried, outcome.exchanges.ok + failed)
  t.true(outcome.trainingShare > 0 && outcome.trainingShare <= 1)
})

/** Paths to all numbers in an object; anything else in it is a path that ends in what it is. */
function keysOf(value: unknown): string[] {
  return Object.entries(value as object).flatMap(([key, child]) => {
    if (typeof child === 'number') return [key]
    return typeof child === 'object' && child ? keysOf(child).map(path => `${key}.${path}`) : [`${key} ${child}`]
  })
}

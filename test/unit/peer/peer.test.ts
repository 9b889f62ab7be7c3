import test from 'ava'
import type { Trainer } from '../../../src/compute/trainer/trainer.ts'
import { MurmurError } from '../../../src/core/errors.ts'
import { consensusDistance } from '../../../src/core/vector.ts'
import { type PeerUnderTest, SwarmInProcess, tinySpecification } from '../../support/swarm-in-process.ts'
import { processFolder, tinyTextFile } from '../../support/tiny-text.ts'

const text = tinyTextFile(processFolder())
const STEPS = 150
const TOKENS_PER_STEP = 4 * 16
/** For runs that a test ends. */
const ENDLESS = { steps: 1_000_000 }

async function parametersOf(peers: readonly PeerUnderTest[]): Promise<Float32Array[]> {
  return await Promise.all(peers.map(async ({ trainer }) => (await trainer.save()).parameters.slice()))
}

const okBetween = (peer: PeerUnderTest, partner: PeerUnderTest) =>
  peer.all('exchange').filter(event => event.partner === partner.id && event.outcome === 'ok').length

test('three peers meet, average, finish together and agree', async t => {
  const distances: Record<string, number> = {}
  for (const algorithm of ['pairwise', 'none']) {
    const swarm = new SwarmInProcess(
      t,
      tinySpecification(text, { averaging: algorithm === 'none' ? { algorithm } : { algorithm, every: 5 } }),
    )
    const a = await swarm.add('a', { partition: 0 })
    const b = await swarm.add('b', { partition: 1, dials: ['a'] })
    const c = await swarm.add('c', { partition: 2, dials: ['a'] })
    const peers = [a, b, c]
    await Promise.all(peers.map(peer => peer.ended))
    distances[algorithm] = consensusDistance(await parametersOf(peers))
    for (const peer of peers) {
      const steps = peer.all('step')
      t.deepEqual(
        steps.map(({ step }) => step),
        Array.from({ length: STEPS }, (_, i) => i + 1),
      )
      t.is(steps.at(-1)!.tokens, STEPS * TOKENS_PER_STEP)
      t.deepEqual(peer.written.at(-1), { step: STEPS, tokens: STEPS * TOKENS_PER_STEP })
      const evaluations = peer.all('evaluation')
      t.is(evaluations[0]!.step, 0)
      t.is(evaluations.at(-1)!.step, STEPS)
      t.true(evaluations.at(-1)!.loss < evaluations[0]!.loss - 1)
      t.deepEqual(peer.all('warning'), [])
      t.deepEqual(
        peer.states(),
        algorithm === 'none'
          ? ['connecting', 'training', 'stopping', 'stopped']
          : ['connecting', 'training', 'lingering', 'stopping', 'stopped'],
      )
      t.deepEqual(
        peer
          .all('membership')
          .filter(({ change }) => change === 'joined')
          .map(event => event.peer)
          .toSorted(),
        peers
          .filter(other => other !== peer)
          .map(({ id }) => id)
          .toSorted(),
      )
      if (algorithm === 'pairwise') for (const other of peers) t.true(other === peer || okBetween(peer, other) > 0)
      else t.deepEqual(peer.all('exchange'), [])
    }
  }
  t.true(distances.pairwise! < distances.none! / 10, JSON.stringify(distances))
})

test('a peer that is killed is lost; the others go on averaging', async t => {
  const swarm = new SwarmInProcess(t, tinySpecification(text, ENDLESS))
  const a = await swarm.add('a', { partition: 0 })
  const b = await swarm.add('b', { partition: 1, dials: ['a'] })
  const c = await swarm.add('c', { partition: 2, dials: ['a'] })
  await a.event('exchange', ({ partner, outcome }) => partner === 'c' && outcome === 'ok')
  swarm.network.kill('c')
  const lost = await Promise.all([a, b].map(peer => peer.event('membership', ({ change }) => change === 'lost')))
  t.deepEqual(
    lost.map(({ peer, live }) => [peer, live]),
    [
      ['c', 2],
      ['c', 2],
    ],
  )
  for (const [peer, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const { step } = peer.all('step').at(-1)!
    const before = okBetween(peer, other)
    await peer.event('exchange', () => okBetween(peer, other) > before)
    await peer.event('step', event => event.step > step)
  }
  c.stop() // cut off, it trained alone
  await c.ended
  t.is(c.written.at(-1)?.step, c.all('step').at(-1)!.step)
})

test('a joiner takes over the parameters, near the loss of the others', async t => {
  const swarm = new SwarmInProcess(t, tinySpecification(text, { ...ENDLESS, evaluation: { every: 50, batches: 4 } }))
  const a = await swarm.add('a', { partition: 0 })
  await a.event('step', ({ step }) => step === 100)
  const joiner = await swarm.add('j', { partition: 1, dials: ['a'], introducer: 'a' })
  const first = await joiner.event('evaluation')
  t.deepEqual(joiner.states().slice(0, 3), ['connecting', 'fetching', 'training'])
  t.true(first.step >= 100)
  await joiner.event('checkpoint')
  t.true(joiner.written[0]!.step >= 100)
  const [initial, ...later] = a.all('evaluation')
  const before = later.findLast(({ step }) => step <= first.step)!
  t.true(first.loss < before.loss + 0.2, `${first.loss} of the joiner, ${before.loss} of the swarm`)
  t.true(first.loss < initial!.loss - 1)
  t.true((await joiner.event('step')).step > 100)
  await joiner.event('exchange', ({ outcome }) => outcome === 'ok')
})

test('who is asked to stop finishes a step, writes a checkpoint, says goodbye', async t => {
  const swarm = new SwarmInProcess(t, tinySpecification(text, ENDLESS))
  const a = await swarm.add('a', { partition: 0 })
  const b = await swarm.add('b', { partition: 1, dials: ['a'] })
  await b.event('exchange', ({ outcome }) => outcome === 'ok')
  b.stop()
  await b.ended
  const { step } = b.all('step').at(-1)!
  t.deepEqual(b.written.at(-1), { step, tokens: step * TOKENS_PER_STEP })
  t.is(b.all('checkpoint').at(-1)!.step, step)
  t.deepEqual(b.states().slice(-2), ['stopping', 'stopped'])
  t.deepEqual(b.all('warning'), [])
  const gone = await a.event('membership', ({ change }) => change !== 'joined')
  t.like(gone, { change: 'left', peer: 'b', live: 1 })
})

test('stopped before it has begun, a peer writes nothing', async t => {
  const swarm = new SwarmInProcess(t, tinySpecification(text, ENDLESS))
  const a = await swarm.add('a')
  a.stop()
  await a.ended
  t.deepEqual(a.written, [])
  t.deepEqual(a.all('step'), [])
  t.is(a.states().at(-1), 'stopped')
})

test('a full disk is a warning during training and the error at the end', async t => {
  const full = new MurmurError({ code: 'STORAGE_FAILED', message: 'the disk is full' })
  const swarm = new SwarmInProcess(t, tinySpecification(text, { ...ENDLESS, checkpoint: { every: 20 } }))
  const neighbour = await swarm.add('n')
  const a = await swarm.add('a', { partition: 1, dials: ['n'], write: () => Promise.reject(full) })
  await a.event('warning', () => a.all('warning').length >= 3)
  const { step } = a.all('step').at(-1)!
  await a.event('step', event => event.step > step)
  a.stop()
  await t.throwsAsync(a.ended, { is: full })
  for (const { reason, message } of a.all('warning')) {
    t.deepEqual([reason, message], ['checkpoint-failed', 'the disk is full'])
  }
  t.deepEqual(a.all('checkpoint'), [])
  const gone = await neighbour.event('membership', ({ change }) => change !== 'joined')
  t.like(gone, { change: 'left', peer: 'a' })
})

test('a peer that comes back far behind takes over, one that is near does not', async t => {
  const swarm = new SwarmInProcess(t, tinySpecification(text, ENDLESS))
  const a = await swarm.add('a', { partition: 0 })
  await a.event('step', ({ step }) => step === 100)
  const far = await swarm.add('far', { dials: ['a'], resumed: { step: 3, tokens: 3 * TOKENS_PER_STEP } })
  const { step, tokens } = await far.event('step')
  t.true(step > 100)
  t.is(tokens, 4 * TOKENS_PER_STEP)
  t.deepEqual(far.states().slice(0, 3), ['connecting', 'fetching', 'training'])

  const ahead = 1_000_000 / 2
  const near = await swarm.add('near', {
    dials: ['a'],
    resumed: { step: ahead, tokens: 0 },
    wrap: trainer => resumedAt(trainer, ahead),
  })
  t.is((await near.event('step')).step, ahead + 1)
  t.deepEqual(near.states().slice(0, 2), ['connecting', 'training'])
})

/** A trainer as `launch` hands it over: it holds the checkpoint's step already. */
function resumedAt(trainer: Trainer, step: number): Trainer {
  return forwarding(trainer, {
    run: async (...args) => {
      await trainer.adopt((await trainer.save()).parameters.slice(), step)
      await trainer.run(...args)
    },
  })
}

function forwarding(trainer: Trainer, changes: Partial<Trainer>): Trainer {
  return {
    layout: trainer.layout,
    description: trainer.description,
    run: (...args) => trainer.run(...args),
    allocate: length => trainer.allocate(length),
    snapshot: (...args) => trainer.snapshot(...args),
    apply: (...args) => trainer.apply(...args),
    evaluate: signal => trainer.evaluate(signal),
    save: () => trainer.save(),
    restore: state => trainer.restore(state),
    adopt: (...args) => trainer.adopt(...args),
    close: () => trainer.close(),
    ...changes,
  }
}

test('who wants to catch up with a peer that dies goes on from what it has', async t => {
  const swarm = new SwarmInProcess(t, tinySpecification(text, ENDLESS))
  const a = await swarm.add('a', { partition: 0 })
  await a.event('step', ({ step }) => step === 100)
  const late = await swarm.add('late', {
    dials: ['a'],
    resumed: { step: 3, tokens: 0 },
    wrap: trainer => resumedAt(trainer, 3),
  })
  await late.event('state', ({ state }) => state === 'fetching')
  swarm.network.kill('a')
  t.is((await late.event('step')).step, 4)
  t.is(late.all('warning')[0]?.reason, 'catch-up-failed')
})

test('a joiner whose introducer dies gets its state from another', async t => {
  const swarm = new SwarmInProcess(t, tinySpecification(text, ENDLESS))
  const a = await swarm.add('a', { partition: 0 })
  const b = await swarm.add('b', { partition: 1, dials: ['a'] })
  await b.event('step', ({ step }) => step === 60)
  const joiner = await swarm.add('j', { dials: ['a', 'b'], introducer: 'a' })
  await joiner.event('state', ({ state }) => state === 'fetching')
  swarm.network.kill('a', 2000) // in the middle of the first shard
  t.true((await joiner.event('step')).step > 30)
  a.stop()
})

test('who waits for others takes its first step when they are there', async t => {
  const swarm = new SwarmInProcess(t, tinySpecification(text))
  const a = await swarm.add('a', { quorum: 3 })
  const b = await swarm.add('b', { partition: 1, dials: ['a'], introducer: 'a' })
  await b.event('step', ({ step }) => step === 20)
  t.deepEqual(a.all('step'), [])
  const c = await swarm.add('c', { partition: 2, dials: ['a'] })
  await Promise.all([a.ended, b.ended, c.ended])
  const joined = a.events.findLastIndex(event => event.type === 'membership' && event.change === 'joined')
  t.true(a.events.findIndex(event => event.type === 'step') > joined)
  t.is(a.all('step').length, STEPS)
  t.deepEqual(a.all('warning'), [])
})

test('a joiner that nobody can help says so', async t => {
  const swarm = new SwarmInProcess(t, tinySpecification(text, ENDLESS))
  const joiner = await swarm.add('j', { introducer: 'nobody' })
  await t.throwsAsync(joiner.ended, { code: 'STATE_UNAVAILABLE' })
  t.deepEqual(joiner.written, [])
  t.is(joiner.states().at(-1), 'stopped')
})

test('a diverged model ends the run and is not kept', async t => {
  const optimizer = { kind: 'sgd', learningRate: 100, momentum: 0.99 }
  const swarm = new SwarmInProcess(t, tinySpecification(text, { ...ENDLESS, gradientClip: 0, optimizer }))
  const a = await swarm.add('a')
  await t.throwsAsync(a.ended, { code: 'VALUES_INVALID', message: /learning rate/ })
  t.true(a.all('step').length > 0)
  t.deepEqual(a.written, [{ step: 0, tokens: 0 }])
  t.is(a.all('evaluation').length, 1)
  t.is(a.states().at(-1), 'stopped')
})

test('parameters that are not finite are never kept, nor a loss told that is none', async t => {
  const swarm = new SwarmInProcess(t, tinySpecification(text, { ...ENDLESS, checkpoint: { every: 5 } }))
  const a = await swarm.add('a', {
    wrap: trainer =>
      forwarding(trainer, {
        save: async () => {
          const state = await trainer.save()
          state.parameters[3] = Number.NaN
          return state
        },
        evaluate: async () => ({ ...(await trainer.evaluate()), loss: Number.NaN }),
      }),
  })
  const reasons = ['checkpoint-failed', 'evaluation-failed']
  for (const reason of reasons) await a.event('warning', event => event.reason === reason)
  a.stop()
  await t.throwsAsync(a.ended, { code: 'VALUES_INVALID' })
  t.deepEqual(a.written, [])
  t.deepEqual(a.all('evaluation'), [])
})

test('a dead trainer is the reason that is told, not what follows from it', async t => {
  const died = new MurmurError({ code: 'TRAINER_FAILED', message: 'died' })
  const after = () => Promise.reject(new MurmurError({ code: 'TRAINER_FAILED', message: 'gone' }))
  const swarm = new SwarmInProcess(t, tinySpecification(text, ENDLESS))
  const neighbour = await swarm.add('n')
  const a = await swarm.add('a', {
    dials: ['n'],
    wrap: trainer => forwarding(trainer, { run: () => Promise.reject(died), save: after, evaluate: after }),
  })
  await t.throwsAsync(a.ended, { is: died })
  await neighbour.event('membership', ({ change, peer }) => change === 'left' && peer === 'a')
})

test('peers of a synchronous run wait for each other and end with the same parameters', async t => {
  for (const averaging of [
    { algorithm: 'all-reduce', every: 1000 },
    { algorithm: 'local-sgd', every: 5 },
    { algorithm: 'diloco', every: 5 },
    { algorithm: 'd-psgd', every: 5 },
    { algorithm: 'moshpit', every: 5 },
  ]) {
    const swarm = new SwarmInProcess(t, tinySpecification(text, { steps: 40, averaging }))
    const a = await swarm.add('a', { partition: 0, quorum: 2 })
    const b = await swarm.add('b', { partition: 1, dials: ['a'], quorum: 2 })
    await Promise.all([a.ended, b.ended])
    t.true(consensusDistance(await parametersOf([a, b])) < 1e-12, averaging.algorithm)
    for (const peer of [a, b]) {
      t.is(peer.all('step').length, 40)
      t.true(peer.all('exchange').every(({ outcome }) => outcome === 'ok'))
    }
  }
})

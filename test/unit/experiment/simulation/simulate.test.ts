import test from 'ava'
import { MurmurError } from '../../../../src/core/errors.ts'
import { type Scenario, simulate } from '../../../../src/experiment/simulation/simulate.ts'
import { tinySpecification } from '../../../support/swarm-in-process.ts'
import { processFolder, tinyTextFile } from '../../../support/tiny-text.ts'

const text = tinyTextFile(processFolder())
const PEERS = 4
const STEPS = 30
const TOKENS = PEERS * STEPS * 4 * 16

function scenario(averaging: object, changes: Partial<Scenario> = {}): Scenario {
  const run = tinySpecification(text, {
    averaging,
    steps: STEPS,
    data: { paths: [text], partitions: PEERS },
    heartbeat: { interval: 1, timeout: 5 },
    checkpoint: { every: 5 },
  })
  return {
    peers: PEERS,
    run,
    compute: { base: 100 },
    links: { kind: 'uniform', latency: 20 },
    seed: 1,
    samples: 5,
    timeLimit: 1000,
    ...changes,
  }
}

const gossip = { algorithm: 'pairwise', every: 5 }

test('the same scenario gives the same outcome to the bit, another seed another', async t => {
  const first = await simulate(scenario(gossip))
  t.deepEqual(await simulate(scenario(gossip)), first)
  t.notDeepEqual((await simulate(scenario(gossip, { seed: 2 }))).samples, first.samples)
})

test('a cell ends when all peers together have seen the tokens, whoever is fast', async t => {
  const compute = { base: 100, speeds: { 'peer-0003': 0.2 } }
  const [even, uneven] = [await simulate(scenario(gossip)), await simulate(scenario(gossip, { compute }))]
  for (const { samples, status } of [even, uneven]) {
    t.is(status, 'finished')
    t.is(samples.length, 6)
    t.deepEqual([samples[0]!.tokens, samples.at(-1)!.tokens], [0, TOKENS])
    t.is(samples[0]!.consensusDistance, 0)
    t.true(samples.at(-1)!.lossMean < samples[0]!.lossMean - 0.5)
    t.true(samples.at(-1)!.bytes > 0)
  }
  // Three of four keep their pace: a third more time, not five times as much.
  const ratio = uneven.samples.at(-1)!.time / even.samples.at(-1)!.time
  t.true(ratio > 1.05 && ratio < 1.8, `${ratio}`)
})

test('synchronous peers wait for the slowest, and hold the same parameters', async t => {
  const compute = { base: 100, speeds: { 'peer-0003': 0.2 }, spread: 0, stragglers: { probability: 0 } }
  const { samples, summary } = await simulate(scenario({ algorithm: 'all-reduce' }, { compute }))
  const { time, relativeConsensusDistance } = samples.at(-1)!
  t.true(time > STEPS * 0.5, `${time} s for ${STEPS} steps of half a second`)
  t.true(relativeConsensusDistance < 1e-9)
  t.true(summary.idleShare > 0.5 && summary.idleShare < 0.9, `${summary.idleShare}`)
  t.is(summary.exchanges.ok, summary.exchanges.tried)
})

test('peers that are killed and started again go on from their checkpoints', async t => {
  const outcome = await simulate(scenario(gossip, { churn: { up: 2, down: 1, share: 0.5 } }))
  t.is(outcome.status, 'finished', outcome.reason)
  t.is(outcome.samples.at(-1)!.tokens, TOKENS)
  t.deepEqual(await simulate(scenario(gossip, { churn: { up: 2, down: 1, share: 0.5 } })), outcome)
})

test('a life begins where the checkpoint of the one before left off', async t => {
  const churn = { up: 1.5, down: 0.1 }
  const [steady, broken] = [
    await simulate(scenario({ algorithm: 'none' })),
    await simulate(scenario({ algorithm: 'none' }, { churn })),
  ]
  t.is(broken.status, 'finished', broken.reason)
  // Who began anew at every life would be where the others were at the start.
  const { lossOfPeersMean } = broken.samples.at(-1)!
  t.true(lossOfPeersMean < steady.samples[3]!.lossOfPeersMean, `${lossOfPeersMean}`)
})

test('a target is reached, or the cell is censored', async t => {
  const { samples } = await simulate(scenario(gossip))
  const target = samples[3]!.lossMean
  const reached = await simulate(scenario(gossip, { target }))
  t.is(reached.status, 'finished')
  t.is(reached.summary.target!.reached!.tokens, samples.find(({ lossMean }) => lossMean <= target)!.tokens)
  const missed = await simulate(scenario(gossip, { target: 0.01 }))
  t.is(missed.status, 'censored')
  t.is(missed.summary.target!.reached, undefined)
})

test('virtual time is limited, and what there is by then is kept', async t => {
  const { status, reason, samples } = await simulate(scenario(gossip, { timeLimit: 3 }))
  t.is(status, 'failed')
  t.regex(reason!, /^3 virtual seconds were over with \d+% of the tokens$/)
  t.true(samples.length >= 1)
})

test('a model that diverges fails its cell with the reason', async t => {
  const run = {
    ...scenario(gossip).run,
    gradientClip: 0,
    optimizer: { kind: 'sgd', learningRate: 100, momentum: 0 } as const,
  }
  const { status, reason } = await simulate(scenario(gossip, { run }))
  t.is(status, 'failed')
  t.regex(reason!, /^peer-000\d: The loss of step \d+ is NaN/)
})

test('an interrupt ends a cell', async t => {
  const stop = new AbortController()
  const reason = new MurmurError({ code: 'CANCELLED', message: 'enough' })
  const onProgress = () => stop.abort(reason)
  t.is(await t.throwsAsync(simulate(scenario(gossip), { signal: stop.signal, onProgress })), reason)
})

test('a replay makes the recorded steps, at the recorded times, the same every time', async t => {
  const compute: Scenario['compute'] = {
    kind: 'recorded',
    peers: Array.from({ length: PEERS }, (_, i) => ({
      offset: 0,
      steps: Array.from({ length: STEPS }, (_, k) => 40 + k + i),
    })),
  }
  const links: Scenario['links'] = { kind: 'measured', peers: PEERS, latency: 1, bandwidth: 1000 }
  const replay = scenario({ algorithm: 'none' }, { compute, links, ownSteps: true })
  const first = await simulate(replay)
  t.deepEqual(await simulate(replay), first)
  const { started } = first.summary
  const slowest = Array.from({ length: STEPS }, (_, k) => 40 + k + PEERS - 1).reduce((sum, ms) => sum + ms, 0)
  const seconds = first.samples.at(-1)!.time - started!
  t.true(Math.abs(seconds - slowest / 1000) < 0.001, `${seconds} s for ${slowest} ms`)
})

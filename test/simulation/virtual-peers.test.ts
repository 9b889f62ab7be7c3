import { createHash } from 'node:crypto'
import test, { type ExecutionContext } from 'ava'
import type { Trainer } from '../../src/compute/trainer/trainer.ts'
import { trainerPool } from '../../src/compute/trainer/trainer-pool.ts'
import { random } from '../../src/core/random.ts'
import type { StepEvent, TelemetryEvent } from '../../src/core/telemetry.ts'
import { consensusDistance } from '../../src/core/vector.ts'
import { virtualTime } from '../../src/core/virtual-time.ts'
import { timedGraph } from '../../src/experiment/simulation/timed-graph.ts'
import { computeTime } from '../../src/network/simulation/compute-time.ts'
import { createLinks } from '../../src/network/simulation/links.ts'
import { simulatedNetwork } from '../../src/network/simulation/simulated-network.ts'
import type { Transport } from '../../src/network/transport.ts'
import { trainerConfig } from '../../src/peer/launch.ts'
import { createPeer, type Peer } from '../../src/peer/peer.ts'
import { tinySpecification } from '../support/swarm-in-process.ts'
import { processFolder, tinyTextFile } from '../support/tiny-text.ts'

const text = tinyTextFile(processFolder())
const STEPS = 80

/** The program's own peers with their own gradients, on modelled links and machines: one is five times slower. */
async function swarm(t: ExecutionContext, seed: string) {
  const time = virtualTime()
  const stream = random(seed)
  const ids = ['a', 'b', 'c', 'd']
  const specification = tinySpecification(text, {
    steps: STEPS,
    data: { paths: [text], partitions: 4 },
    averaging: { every: 5 },
    heartbeat: { interval: 1, timeout: 10 },
  })
  const links = createLinks({ kind: 'wan', latency: [10, 50] }, ids, stream.fork('links'))
  const network = simulatedNetwork({ time, random: stream.fork('network'), links })
  const compute = computeTime({ base: 100, speeds: { d: 0.2 } }, stream.fork('compute'))
  const trace = createHash('sha256')
  const events = new Map<string, TelemetryEvent[]>(ids.map(id => [id, []]))
  const peers: { id: string; trainer: Trainer; transport: Transport; peer: Peer }[] = []
  const pool = await trainerPool(trainerConfig({ specification, partition: 0 }, { compute: { threads: 1 } }))
  t.teardown(() => pool.close())
  for (const [partition, id] of ids.entries()) {
    const { trainer } = await pool.trainer({
      partition,
      stream: id,
      clock: time,
      adapt: graph => timedGraph(graph, time, compute.steps(id), new AbortController().signal),
    })
    const transport = network.transport(id)
    const peer = createPeer(
      {
        transport,
        trainer,
        checkpoints: { write: async ({ step }) => ({ path: `${id}-${step}`, bytes: 1 }) },
        clock: time,
        random: stream.fork(id),
        telemetry: {
          record(event) {
            events.get(id)!.push(event)
            trace.update(JSON.stringify([time.now(), id, event]))
          },
        },
      },
      { specification, quorum: ids.length },
    )
    peers.push({ id, trainer, transport, peer })
  }
  const { signal } = new AbortController()
  const main = async () => {
    for (const { transport } of peers) await transport.start()
    await Promise.all(peers.map(({ peer }) => peer.run(signal)))
    for (const { transport } of peers) await transport.stop()
  }
  await time.run(main())
  const parameters = await Promise.all(peers.map(async ({ trainer }) => (await trainer.save()).parameters.slice()))
  return { trace: trace.digest('hex'), events, parameters, seconds: time.now() / 1000, network }
}

test('whole peers with real gradients run in virtual time, and do the same to the bit twice', async t => {
  const first = await swarm(t, 'a')
  const second = await swarm(t, 'a')
  t.is(second.trace, first.trace)
  t.deepEqual(second.parameters, first.parameters)
  t.is(second.seconds, first.seconds)
  const steps = (id: string) => first.events.get(id)!.filter((event): event is StepEvent => event.type === 'step')
  for (const id of ['a', 'b', 'c', 'd']) {
    t.is(steps(id).length, STEPS)
    t.true(steps(id).at(-1)!.loss < steps(id)[0]!.loss - 0.5)
    const ok = first.events.get(id)!.filter(event => event.type === 'exchange' && event.outcome === 'ok')
    t.true(ok.length > 5, `${id}: ${ok.length} exchanges`)
  }
  const mean = (id: string) => steps(id).reduce((sum, { stepMs }) => sum + stepMs, 0) / STEPS
  t.true(mean('a') > 90 && mean('a') < 170, `${mean('a')} ms a step`)
  t.true(mean('d') / mean('a') > 3.5, `${mean('d')} and ${mean('a')} ms a step`)
  t.true(first.seconds < 100, `${first.seconds} virtual seconds`)
  t.true(consensusDistance(first.parameters) > 0)
})

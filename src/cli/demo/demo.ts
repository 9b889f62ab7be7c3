import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MurmurError } from '../../core/errors.ts'
import { runPaths } from '../../peer/checkpoint/run-directory.ts'
import type { PeerSummary } from '../../peer/records/summary.ts'
import { summarizeSwarm } from '../../peer/records/swarm-summary.ts'
import { canonicalSpecification, runId } from '../../peer/specification/canonical.ts'
import type { RunSpecification } from '../../peer/specification/schema.ts'
import type { CommandContext } from '../command.ts'
import { type DashboardOption, openDashboard } from '../dashboard-option.ts'
import { formatBytes, formatCount, formatDuration, formatLoss, formatPercent } from '../format.ts'
import { type PeerEnd, Swarm } from '../swarm/swarm.ts'
import { measureSwarm, parametersOf, type SwarmMeasurement } from './measure.ts'

export interface DemoInit {
  specification: RunSpecification
  /** The file of a model that is a module: absolute. */
  model?: string
  peers: number
  dashboard: DashboardOption
  /** New and empty. */
  directory: string
}

/** What a swarm came to. The last `--json` object of the demo. */
export interface DemoOutcome {
  /** Peers that finished. */
  peers: number
  /** Of the model. */
  parameters: number
  /** Trained on by all peers. */
  tokens: number
  /** From the start of the first process to the end of the last. */
  wallSeconds: number
  /** Nats per token, of the mean of the peers' parameters and of each peer's own. */
  validationLoss: {
    averaged: { start: number; end: number }
    perPeer: { start: number; end: number }[]
  }
  /** (1/n) sum ||x_i - mean||^2 over the peers' parameters. */
  consensusDistance: { start: number; end: number }
  exchanges: PeerSummary['exchanges']
  /** Local steps between snapshot and application. */
  staleness: { p50: number; p95: number; max: number }
  bytesSent: { perPeer: number; perToken: number }
  tokensPerSecond: { perPeer: number; total: number }
  /** Of the peers' wall time after warm-up, inside training steps. */
  trainingShare: number
}

export async function runDemo(context: CommandContext, init: DemoInit): Promise<void> {
  const { output, interrupt, clock, signal } = context
  const { specification, model, directory } = init
  const run = runId(specification)
  const specificationPath = join(directory, 'run.yaml')
  // JSON is YAML.
  await writeFile(specificationPath, `${canonicalSpecification(specification)}\n`)
  interrupt.finishing("the peers' exchanges under way, then their checkpoints")
  output.line(`A bootstrap node and ${init.peers} peers on 127.0.0.1, run ${run}, records in ${directory}`)

  await using resources = new AsyncDisposableStack()
  const shown = { name: directory, run, specification, nameOf: (peer: string) => swarm.knownAs(peer) }
  const dashboard = await openDashboard(context, init.dashboard, shown, resources)
  const starts = new Map<string, Promise<Float32Array>>()
  const view = await output.progress({
    shape: 'swarm',
    totalSteps: specification.steps,
    name: peer => swarm.nameOf(peer),
  })
  const swarm: Swarm = new Swarm(
    {
      clock,
      sink: {
        write(event) {
          view.write(event)
          dashboard?.source.write(event)
        },
      },
      onFailure: (name, why) => output.warn(`${name} ${why}; the others go on`),
      // Read at once: later checkpoints replace it.
      onFirstCheckpoint: (name, { path }) => {
        const reading = parametersOf(path)
        reading.catch(() => {}) // told at the end, when it is needed
        starts.set(name, reading)
      },
    },
    { directory, specificationPath, run, model, peers: init.peers, partitions: specification.data.partitions },
  )
  const begin = clock.now()
  const ends = await swarm.run(signal).finally(() => view.stop())
  const wallSeconds = (clock.now() - begin) / 1000
  signal.throwIfAborted()

  const finished = ends.filter(({ ok, name }) => ok && starts.has(name))
  if (finished.length === 0) {
    throw new MurmurError({ code: 'TRAINER_FAILED', message: `None of the ${init.peers} peers finished` })
  }
  output.line('Measuring the averaged model ...')
  const first = await Promise.all(finished.map(({ name }) => starts.get(name)!))
  const last = await Promise.all(finished.map(peer => parametersOf(runPaths(peer.directory).checkpoints)))
  const [start, end] = await measureSwarm({ specification, model }, [first, last])
  const outcome = outcomeOf(finished, { parameters: last[0]!.length, wallSeconds, start: start!, end: end! })
  output.result(outcome, () => outcomeText(outcome, directory))
}

function outcomeOf(
  finished: readonly PeerEnd[],
  measured: { parameters: number; wallSeconds: number; start: SwarmMeasurement; end: SwarmMeasurement },
): DemoOutcome {
  const { parameters, wallSeconds, start, end } = measured
  const swarm = summarizeSwarm(finished.flatMap(({ summary }) => summary ?? []))
  return {
    peers: swarm.peers,
    parameters,
    tokens: swarm.tokens,
    wallSeconds,
    validationLoss: {
      averaged: { start: start.averaged, end: end.averaged },
      perPeer: end.perPeer.map((loss, i) => ({ start: start.perPeer[i]!, end: loss })),
    },
    consensusDistance: { start: start.consensusDistance, end: end.consensusDistance },
    exchanges: swarm.exchanges,
    staleness: swarm.staleness,
    bytesSent: swarm.bytesSent,
    tokensPerSecond: swarm.tokensPerSecond,
    trainingShare: swarm.trainingShare,
  }
}

function outcomeText(outcome: DemoOutcome, directory: string): string {
  const { validationLoss, exchanges, staleness, bytesSent, tokensPerSecond, consensusDistance } = outcome
  const { averaged, perPeer } = validationLoss
  const failed = Object.entries(exchanges.failed).map(([reason, count]) => `, ${count} ${reason}`)
  return [
    `${outcome.peers} peers, ${formatCount(outcome.parameters)} parameters, ${formatCount(outcome.tokens)} tokens in ${formatDuration(outcome.wallSeconds * 1000)}`,
    `validation loss   averaged model ${formatLoss(averaged.start)} -> ${formatLoss(averaged.end)}; peers ${perPeer.map(peer => formatLoss(peer.end)).join(', ')}`,
    `exchanges         ${exchanges.ok} of ${exchanges.tried} succeeded${failed.join('')}; staleness p50 ${staleness.p50}, p95 ${staleness.p95}, max ${staleness.max} steps`,
    `disagreement      consensus distance ${consensusDistance.start.toPrecision(3)} -> ${consensusDistance.end.toPrecision(3)}`,
    `traffic           ${formatBytes(bytesSent.perPeer)} sent by each peer, ${bytesSent.perToken.toPrecision(3)} bytes per token`,
    `speed             ${formatCount(tokensPerSecond.total)} tokens/s in all, ${formatPercent(outcome.trainingShare)} of the peers' time in training steps`,
    `Next: murmur generate ${join(directory, 'peer-1')} --prompt "The "; murmur dashboard ${directory}`,
  ].join('\n')
}

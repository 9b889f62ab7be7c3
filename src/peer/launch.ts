import { join } from 'node:path'
import type { Registry } from 'prom-client'
import type { TokenizerConfig } from '../compute/data/open-tokenizer.ts'
import type { Trainer } from '../compute/trainer/trainer.ts'
import type { ComputeInit, TrainerConfig } from '../compute/trainer/trainer-config.ts'
import { workerTrainer } from '../compute/trainer/worker-trainer.ts'
import { cacheDirectory } from '../core/cache-directory.ts'
import { systemClock } from '../core/clock.ts'
import { isErrorCode, type MurmurError } from '../core/errors.ts'
import { sharedFloats } from '../core/parameters.ts'
import { random } from '../core/random.ts'
import { silentTelemetry, type Telemetry, type TrainerEvent } from '../core/telemetry.ts'
import { libp2pTransport } from '../network/libp2p/transport.ts'
import { memoryNetwork } from '../network/memory.ts'
import type { Status } from '../network/status.ts'
import type { PeerId, Transport } from '../network/transport.ts'
import { latestCheckpoint, writeCheckpoint } from './checkpoint/checkpoint.ts'
import { openRunDirectory, type RunDirectory, readRunSpecification } from './checkpoint/run-directory.ts'
import { openWeights, type Weights } from './checkpoint/weights.ts'
import { type FoundRun, findRun } from './find-run.ts'
import { serveRun } from './handover/run.ts'
import { fetchTokenizer, serveTokenizer } from './handover/tokenizer.ts'
import { formatInvitation, type Invitation } from './invitation.ts'
import { type CheckpointStore, createPeer } from './peer.ts'
import { eventLog } from './records/event-log.ts'
import { recordMemory } from './records/memory-samples.ts'
import { type RecordSink, recorder } from './records/recorder.ts'
import { identifyTokenizer, type KeptTokenizer, keepTokenizer } from './run-tokenizer.ts'
import { canonicalSpecification, runId, withDataPaths } from './specification/canonical.ts'
import { requireModelFile } from './specification/model-file.ts'
import type { RunSpecification } from './specification/schema.ts'
import { tokenisingReport } from './tokenising-report.ts'

/** How a peer meets others. */
export interface NetworkInit {
  /** Multiaddrs to listen on. */
  listen: readonly string[]
  /** Multiaddrs to tell others instead. */
  announce: readonly string[]
  /** Multiaddrs of peers that introduce others. */
  bootstrap: readonly string[]
  /** Finds peers on the local network by multicast. */
  mdns: boolean
  /** Is reached through a relay where it cannot be dialled. */
  relay: boolean
}

export interface LaunchInit {
  /** The run directory; made if missing, continued if it holds the same run. */
  directory: string
  network: NetworkInit
  compute: ComputeInit
  /** Which partition of the data to train on. @default 0 for who starts a run, drawn from the peer id for the others */
  partition?: number
  /** A safetensors file of weights to begin with, in the place of random ones. */
  weights?: string
  /** Where this peer keeps the data, if not where the specification says. */
  data?: readonly string[]
  /** Where this peer keeps the file of a model that is a module, if not where the specification says: absolute. */
  model?: string
  /** Seconds to go on answering after the last step. */
  linger?: number
  /** Peers, this one included, to wait for before the first step. */
  quorum?: number
  /** Where this peer is, in a word that others of its region use too. */
  region?: string
  /** Told of every event besides the event log. */
  sinks: readonly RecordSink[]
  /** Told of every status that another peer published. */
  onStatus?(peer: PeerId, status: Status): void
  /** Where libp2p's own metrics go. */
  metrics?: Registry
  /** Awaited once the peer can be reached and before its first event. */
  onListening?(where: Listening): Promise<void>
}

export interface Listening {
  peer: PeerId
  run: string
  specification: RunSpecification
  directory: string
  /** One for each address, most useful first. */
  invitations: string[]
}

/** Milliseconds for a first attempt at the inviting peer by one who could do without it. */
const KNOWN_RUN_MS = 3000

/**
 * Starts a run, or another peer of it, or continues one, and trains until its steps are done or the signal fires.
 * Rejects with the signal's reason if it fires before there is anything to train.
 * @throws MurmurError see `createPeer`, `buildTrainer`, `libp2pTransport`, `openRunDirectory`
 */
export async function startPeer(given: RunSpecification, init: LaunchInit, signal: AbortSignal): Promise<void> {
  const specification = await identifyTokenizer(given, process.cwd())
  const weights = await weightsOf(init, specification)
  await using resources = new AsyncDisposableStack()
  const directory = await openDirectory(init.directory, resources)
  await directory.claim(specification)
  const transport = await openTransport(directory, init.network, init.metrics, resources)
  // Whoever is introduced to others is one more peer of their run.
  const partition = init.partition ?? (init.network.bootstrap.length > 0 ? ownPartition(transport, specification) : 0)
  await runPeer({ specification, directory, transport, partition, weights, stream: transport.id }, init, signal)
}

/**
 * Joins the run of an invitation, or continues in it.
 * @throws MurmurError `INVITATION_MALFORMED`, `PEER_UNREACHABLE`, `RUN_MISMATCH`, `MODEL_MISSING`, `MODEL_MISMATCH`,
 * `STATE_UNAVAILABLE`; see `startPeer`
 */
export async function joinPeer(invitation: Invitation, init: LaunchInit, signal: AbortSignal): Promise<void> {
  await using resources = new AsyncDisposableStack()
  const directory = await openDirectory(init.directory, resources)
  const bootstrap = [...init.network.bootstrap, invitation.address]
  const transport = await openTransport(directory, { ...init.network, bootstrap }, init.metrics, resources)
  const { introducer, specification } = await runOf(directory, transport, invitation, signal)
  requireModelFile(specification, init.model)
  await directory.claim(specification)
  const partition = init.partition ?? ownPartition(transport, specification)
  await runPeer({ specification, directory, transport, introducer, partition, stream: transport.id }, init, signal)
}

/** Where this peer has been in the run before, it needs nobody to tell what the run is. */
async function runOf(
  directory: RunDirectory,
  transport: Transport,
  invitation: Invitation,
  signal: AbortSignal,
): Promise<Partial<FoundRun> & { specification: RunSpecification }> {
  const specification = await readRunSpecification(directory)
  if (!specification || runId(specification) !== invitation.run) return await findRun(transport, invitation, signal)
  const soon = AbortSignal.any([signal, AbortSignal.timeout(KNOWN_RUN_MS)])
  const introducer = await transport.dial(invitation.address, soon).catch((error: unknown) => {
    signal.throwIfAborted()
    if (isErrorCode(error, 'INVITATION_MALFORMED')) throw error
    return undefined // it is tried again in the background, and others may be found
  })
  return { specification, introducer }
}

/**
 * The same loop with no peers: nothing listens, nobody is asked.
 * @throws MurmurError see `startPeer`
 */
export async function trainAlone(
  given: RunSpecification,
  init: Omit<LaunchInit, 'network'>,
  signal: AbortSignal,
): Promise<void> {
  const specification = await identifyTokenizer(given, process.cwd())
  const weights = await weightsOf(init, specification)
  await using resources = new AsyncDisposableStack()
  const directory = await openDirectory(init.directory, resources)
  await directory.claim(specification)
  const transport = memoryNetwork().transport('alone')
  await transport.start()
  resources.defer(() => transport.stop())
  await runPeer(
    { specification, directory, transport, partition: init.partition ?? 0, weights, alone: true },
    init,
    signal,
  )
}

/** The same after every restart. */
function ownPartition(transport: Transport, specification: RunSpecification): number {
  return random(transport.id).integer(specification.data.partitions)
}

async function openDirectory(path: string, resources: AsyncDisposableStack): Promise<RunDirectory> {
  const directory = await openRunDirectory(path)
  resources.defer(() => directory.close())
  return directory
}

async function openTransport(
  directory: RunDirectory,
  { relay, ...network }: NetworkInit,
  metrics: Registry | undefined,
  resources: AsyncDisposableStack,
): Promise<Transport> {
  const transport = await libp2pTransport({
    identityPath: directory.identity,
    ...network,
    relay: { client: relay },
    metrics,
  })
  resources.defer(() => transport.stop())
  await transport.start()
  return transport
}

interface PeerOfRun {
  specification: RunSpecification
  directory: RunDirectory
  transport: Transport
  partition: number
  introducer?: PeerId
  stream?: string
  weights?: Weights
  /** Nobody can reach it. */
  alone?: boolean
}

async function runPeer(peer: PeerOfRun, init: Omit<LaunchInit, 'network'>, signal: AbortSignal): Promise<void> {
  const { specification, directory, transport } = peer
  const run = runId(specification)
  await using resources = new AsyncDisposableStack()
  const telemetry = await openRecords(directory, transport.id, init.sinks, resources)
  const tokenizer = await tokenizerOf(peer, telemetry, signal)
  if (tokenizer) await serveTokenizer(transport, tokenizer.content)
  await serveRun(transport, canonicalSpecification(specification)) // before anybody is invited
  await init.onListening?.({
    peer: transport.id,
    run,
    specification,
    directory: directory.path,
    invitations: peer.alone ? [] : transport.addresses().map(address => formatInvitation(address, run)),
  })
  telemetry.record({ type: 'state', state: 'starting' })

  const trainer = await workerTrainer(trainerConfig({ ...peer, tokenizer: tokenizer?.config }, init), {
    signal,
    onTokenising: tokenisingReport(telemetry, systemClock),
    onNotice: ({ message }) => telemetry.record({ type: 'warning', reason: 'backend-fallback', message }),
  })
  resources.defer(() => trainer.close())
  telemetry.record({ type: 'state', state: 'starting', detail: describe(trainer) })
  telemetry.record({ type: 'trainer', ...outline(trainer) })
  const sampling = new AbortController()
  resources.defer(() => sampling.abort())
  void recordMemory(telemetry, systemClock, sampling.signal)
  const resumed = await resume(trainer, directory, run, telemetry)
  if (peer.weights) await beginWith(peer.weights, trainer, resumed !== undefined, telemetry)
  signal.throwIfAborted()
  await createPeer(
    {
      transport,
      trainer,
      checkpoints: checkpointStore(trainer, directory, specification, telemetry),
      clock: systemClock,
      random: random(transport.id),
      telemetry,
      onStatus: init.onStatus,
    },
    {
      specification,
      resumed,
      introducer: peer.introducer,
      alone: peer.alone,
      linger: init.linger,
      quorum: init.quorum,
      region: init.region,
    },
  ).run(signal)
}

/** The run's tokenizer, from this machine or from the peer that introduced it. */
async function tokenizerOf(
  { specification, directory, transport, introducer }: PeerOfRun,
  telemetry: Telemetry,
  signal: AbortSignal,
): Promise<KeptTokenizer | undefined> {
  return await keepTokenizer(directory, specification, {
    directory: process.cwd(),
    fetch: introducer ? () => fetchTokenizer({ transport, clock: systemClock }, introducer, signal) : undefined,
    onOther: ({ message }) =>
      telemetry.record({ type: 'warning', reason: 'tokenizer-other', message: `${message}; the swarm's is used` }),
  })
}

async function openRecords(
  directory: RunDirectory,
  peer: PeerId,
  sinks: readonly RecordSink[],
  resources: AsyncDisposableStack,
): Promise<Telemetry> {
  let telemetry: Telemetry = silentTelemetry
  const warn = (error: MurmurError) =>
    telemetry.record({ type: 'warning', reason: 'events-lost', message: error.message })
  const log = eventLog({ clock: systemClock, warn }, { path: directory.events })
  await log.start()
  resources.defer(() => log.close())
  telemetry = recorder({ clock: systemClock, sinks: [log, ...sinks] }, peer)
  return telemetry
}

/** What the trainer's thread needs of the specification and of this machine. */
export function trainerConfig(
  peer: Pick<PeerOfRun, 'specification' | 'partition' | 'stream'> & { tokenizer?: TokenizerConfig },
  { data: paths, model: file, compute }: Pick<LaunchInit, 'data' | 'model' | 'compute'>,
): TrainerConfig {
  const { specification, partition, stream, tokenizer } = peer
  const data = paths ? withDataPaths(specification, paths).data : specification.data
  const { model, optimizer, schedule, batch, steps, gradientClip, seed, shards, evaluation } = specification
  return {
    model,
    data: tokenizer && data.kind === 'text' ? { ...data, tokenizer } : data,
    optimizer,
    schedule,
    batch,
    steps,
    gradientClip,
    seed,
    shards,
    validationBatches: evaluation.batches,
    own: {
      partition: { index: partition, count: specification.data.partitions },
      stream,
      directory: process.cwd(),
      cache: join(cacheDirectory(process.env), 'tokens'),
      model: file,
      compute,
    },
  }
}

async function resume(
  trainer: Trainer,
  directory: RunDirectory,
  run: string,
  telemetry: Telemetry,
): Promise<{ step: number; tokens: number } | undefined> {
  const found = await latestCheckpoint(directory.checkpoints, { runId: run, tensors: trainer.layout.tensors })
  if (!found) return undefined
  for (const { message } of found.problems) {
    telemetry.record({ type: 'warning', reason: 'checkpoint-damaged', message })
  }
  await trainer.restore(found.state)
  const { step, tokens } = found.state
  telemetry.record({ type: 'state', state: 'starting', detail: `continues from step ${step} (${found.path})` })
  return { step, tokens }
}

/** Looked at before anything else happens. */
async function weightsOf({ weights }: { weights?: string }, { model }: RunSpecification): Promise<Weights | undefined> {
  return weights === undefined ? undefined : await openWeights(weights, model)
}

async function beginWith(weights: Weights, trainer: Trainer, resumed: boolean, telemetry: Telemetry): Promise<void> {
  if (resumed) {
    const message = `${weights.path} is not read: the run continues from its checkpoint`
    telemetry.record({ type: 'warning', reason: 'weights-ignored', message })
    return
  }
  const parameters = sharedFloats(trainer.layout.length)
  await weights.read(trainer.layout, parameters)
  await trainer.adopt(parameters, 0)
  telemetry.record({ type: 'state', state: 'starting', detail: `begins with the weights of ${weights.path}` })
}

function checkpointStore(
  trainer: Trainer,
  directory: RunDirectory,
  specification: RunSpecification,
  telemetry: Telemetry,
): CheckpointStore {
  const { keep } = specification.checkpoint
  const constant = {
    tensors: trainer.layout.tensors,
    runId: runId(specification),
    specification: canonicalSpecification(specification),
  }
  return {
    async write(state) {
      const { path, bytes, problems } = await writeCheckpoint(
        directory.checkpoints,
        { ...constant, ...state },
        { keep },
      )
      for (const { message } of problems) telemetry.record({ type: 'warning', reason: 'checkpoint-kept', message })
      return { path, bytes }
    },
  }
}

function outline({ description, layout }: Trainer): Omit<TrainerEvent, 'type'> {
  const { backend, threads, tokensPerStep } = description
  return { backend, threads, tokensPerStep, parameters: layout.length, shards: layout.shards.map(({ name }) => name) }
}

function describe({ description, layout }: Trainer): string {
  const { backend, threads, data } = description
  return `${layout.length} parameters on ${backend}, ${threads} thread${threads === 1 ? '' : 's'}; ${data}`
}

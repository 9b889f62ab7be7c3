import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { withDeadline } from '../../core/deadline.ts'
import { MurmurError } from '../../core/errors.ts'
import type { CheckpointEvent, Recorded } from '../../core/telemetry.ts'
import { formatInvitation } from '../../peer/invitation.ts'
import type { RecordSink } from '../../peer/records/recorder.ts'
import { type PeerSummary, summarize } from '../../peer/records/summary.ts'
import { type Child, type ChildEnd, spawnMurmur } from './child.ts'

export interface SwarmInit {
  /** Where the specification and every peer's run directory are. */
  directory: string
  specificationPath: string
  run: string
  /** The file of a model that is a module. */
  model?: string
  peers: number
  /** Of the data. Peers are dealt out to them in turn. */
  partitions: number
  /** Peers are dealt out to as many regions in turn. @default no peer names a region */
  regions?: number
}

export interface SwarmComponents {
  clock: Clock
  sink: RecordSink
  /** A peer ended before it was done. @param why goes on after its name */
  onFailure(name: string, why: string): void
  /** Called once for every peer, before its first step, with its first checkpoint. @default nobody is told */
  onFirstCheckpoint?(name: string, event: CheckpointEvent): void
}

/** What became of one peer. */
export interface PeerEnd {
  name: string
  directory: string
  summary: PeerSummary | undefined
  /** Ended by itself after the last step, or politely. */
  ok: boolean
}

const LOOPBACK = '/ip4/127.0.0.1/tcp/0'

/** Milliseconds for the bootstrap node to listen, and for processes to leave politely before they are killed. */
const BOOTSTRAP_MS = 20_000
const LEAVE_MS = 6_000

/**
 * A swarm on this machine: a bootstrap node and peers, each a process of its own that knows nothing but the bootstrap
 * node's address. The first starts the run, the others join it. A peer that dies does not end the swarm.
 */
export class Swarm {
  readonly #components: SwarmComponents
  readonly #init: SwarmInit
  readonly #children = new Set<Child>()
  readonly #names = new Map<string, string>()

  constructor(components: SwarmComponents, init: SwarmInit) {
    this.#components = components
    this.#init = init
  }

  /** What the view calls a peer. */
  nameOf(peer: string): string {
    return this.knownAs(peer) ?? '?'
  }

  /** The folder of the peer's records, once it told of itself. */
  knownAs(peer: string): string | undefined {
    return this.#names.get(peer)
  }

  /** Resolves when every peer has ended; when the signal fires they are asked to leave. */
  async run(signal: AbortSignal): Promise<PeerEnd[]> {
    signal.throwIfAborted()
    const interrupt = () => this.#kill('SIGINT')
    signal.addEventListener('abort', interrupt, { once: true })
    try {
      const bootstrap = await this.#startBootstrap(signal)
      const peers = Array.from({ length: this.#init.peers }, (_, index) => this.#startPeer(index, bootstrap, signal))
      return await Promise.all(peers)
    } finally {
      signal.removeEventListener('abort', interrupt)
      await this.#stop()
    }
  }

  async #startBootstrap(signal: AbortSignal): Promise<string> {
    const { clock } = this.#components
    const address = Promise.withResolvers<string>()
    const identity = join(this.#init.directory, 'bootstrap.key')
    const child = this.#spawn(['bootstrap', '--listen', LOOPBACK, '--identity', identity], line => {
      const { addresses } = line as { addresses?: string[] }
      if (addresses?.[0]) address.resolve(addresses[0])
    })
    const failed = child.ended.then(end => {
      throw new MurmurError({ code: 'PEER_UNREACHABLE', message: `The bootstrap node ended: ${end.lastWords}` })
    })
    failed.catch(() => {}) // its end after the start is no failure
    return await withDeadline(clock, BOOTSTRAP_MS, 'starting the bootstrap node', signal, () =>
      Promise.race([address.promise, failed]),
    )
  }

  async #startPeer(index: number, bootstrap: string, signal: AbortSignal): Promise<PeerEnd> {
    const { specificationPath, run, model, peers, partitions, regions } = this.#init
    const name = `peer-${index + 1}`
    const directory = join(this.#init.directory, name)
    const who =
      index === 0 ? ['start', specificationPath, '--bootstrap', bootstrap] : ['join', formatInvitation(bootstrap, run)]
    const common = [
      '--listen',
      LOOPBACK,
      '--no-mdns',
      '--no-relay',
      '--partition',
      `${index % partitions}`,
      // Several peers share this machine: one thread of it each, and no one device for all.
      '--backend',
      'cpu',
      '--threads',
      '1',
      '--wait-for',
      `${peers}`,
      ...(regions === undefined ? [] : ['--region', `${index % regions}`]),
      ...(model ? ['--model', model] : []),
    ]
    let summary: PeerSummary | undefined
    const child = this.#spawn([...who, ...common, '--directory', directory], line => {
      if (!isRecorded(line)) return
      this.#names.set(line.by, name)
      if (line.type === 'checkpoint' && !summary?.checkpoint) this.#components.onFirstCheckpoint?.(name, line)
      summary = summarize(summary, line)
      this.#components.sink.write(line)
    })
    const end = await child.ended
    if (end.code !== 0 && !signal.aborted) this.#components.onFailure(name, describe(end))
    return { name, directory, summary, ok: end.code === 0 }
  }

  #spawn(args: string[], onLine: (line: unknown) => void): Child {
    const child = spawnMurmur(args, onLine)
    this.#children.add(child)
    void child.ended.finally(() => this.#children.delete(child))
    return child
  }

  #kill(signal: NodeJS.Signals): void {
    for (const child of this.#children) child.kill(signal)
  }

  async #stop(): Promise<void> {
    this.#kill('SIGTERM')
    const ends = Array.from(this.#children, child => child.ended)
    await withDeadline(this.#components.clock, LEAVE_MS, 'stopping the swarm', undefined, () =>
      Promise.all(ends),
    ).catch(() => this.#kill('SIGKILL'))
  }
}

/** Every event names its author; the other lines a peer prints do not. */
function isRecorded(line: unknown): line is Recorded {
  return typeof line === 'object' && line !== null && 'by' in line && 'type' in line
}

function describe({ code, signal, lastWords }: ChildEnd): string {
  if (signal) return `was ended by ${signal}`
  return code === null ? `could not be started: ${lastWords}` : `ended with code ${code}: ${lastWords}`
}

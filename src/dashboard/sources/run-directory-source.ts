import { dirname } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { MurmurError } from '../../core/errors.ts'
import { readRunSpecification, runPaths } from '../../peer/checkpoint/run-directory.ts'
import { runId } from '../../peer/specification/canonical.ts'
import type { RunSpecification } from '../../peer/specification/schema.ts'
import type { SourceInfo } from '../api/run.ts'
import { emptySwarm, observe } from '../timeline/swarm.ts'
import { type GrowingTimeline, timeline } from '../timeline/timeline.ts'
import { FILE_BEGIN, type FilePosition, fileSize, readPart, tailPosition } from './event-file.ts'
import { type FileLog, type FilesPosition, fileLog } from './file-log.ts'
import { type EventFile, findEventFiles, requireOneRun } from './find-event-files.ts'
import { peerNames } from './peer-names.ts'
import type { Provisional, Source } from './source.ts'

export interface RunDirectorySourceInit {
  /** A peer's run directory, a swarm's with a folder for each peer, or a file of events. */
  path: string
}

/** Bytes of all files together whose events are shown before the rest is read, and of each at least. */
const TAIL = 3 << 20
const LEAST_TAIL = 2 << 10

const HEAD = 2 << 10

/** Milliseconds between looks for what was written since, and for new files; longer where there are many files. */
const FOLLOW_MS = 250
const MS_PER_FILE = 2
const SEARCH_EVERY = 8

/** A run in which nothing was written for this long is over. Milliseconds. */
const OVER_MS = 60_000

const KEYFRAME_BYTES = 1 << 20

/** Reads what peers wrote into a directory, and goes on as they write more. */
export function runDirectorySource(components: { clock: Clock }, init: RunDirectorySourceInit): Source {
  return new RunDirectorySource(components.clock, init.path)
}

class RunDirectorySource implements Source {
  readonly #clock: Clock
  readonly #path: string
  readonly #log: FileLog = fileLog()
  readonly #names = peerNames()
  readonly #stopping = new AbortController()
  readonly timeline: GrowingTimeline<FilesPosition>
  readonly #named = new Set<string>()
  #files = new Map<string, EventFile>()
  #bytes = { read: 0, all: 0 }
  #whole = false
  #grewAt = 0
  #problem: string | null = null
  #reading: Promise<void> = Promise.resolve()
  provisional: Provisional | undefined
  specification: RunSpecification | undefined

  constructor(clock: Clock, path: string) {
    this.#clock = clock
    this.#path = path
    this.timeline = timeline(this.#log, { keyframeEvery: KEYFRAME_BYTES, nameOf: peer => this.nameOf(peer) })
  }

  get indexed(): number {
    if (this.#whole) return 1
    return this.#bytes.all === 0 ? 0 : Math.min(0.999, this.#bytes.read / this.#bytes.all)
  }

  get live(): boolean {
    if (this.#stopping.signal.aborted) return false
    const states = Array.from((this.provisional?.swarm ?? this.timeline.head).peers.values())
    const over = states.every(({ summary }) => !summary || summary.state === 'stopped')
    return !over && this.#clock.date() - Math.max(this.#grewAt, this.#latest()) < OVER_MS
  }

  get run(): string | undefined {
    const named = Array.from(this.#files.values()).find(({ run }) => run !== undefined)?.run
    return named ?? (this.specification && runId(this.specification))
  }

  get title(): string {
    return this.#path
  }

  nameOf(peer: string): string {
    return this.#names.nameOf(peer)
  }

  sources(): SourceInfo[] {
    return Array.from(this.#files.values(), ({ path, folder }) => ({
      kind: 'events' as const,
      name: folder || path,
      state: this.#problem
        ? ('failed' as const)
        : this.#whole
          ? this.live
            ? 'following'
            : 'ended'
          : ('reading' as const),
      problem: this.#problem,
      damaged: this.#log.damaged(path),
    }))
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#search()
    if (this.#files.size === 0) {
      throw new MurmurError({
        code: 'STORAGE_FAILED',
        message: `Expected an events.jsonl in ${this.#path} or in a folder below it: murmur start, join, train and demo write one`,
        details: { path: this.#path },
      })
    }
    this.specification = await this.#readSpecification()
    this.#bytes.all = await this.#readTail(signal)
    const all = Promise.withResolvers<void>()
    this.#reading = this.#readOn(all.resolve).catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) this.#problem = error instanceof Error ? error.message : String(error)
      all.resolve()
    })
    if (!this.provisional) await all.promise
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#reading
  }

  #latest(): number {
    return this.timeline.range?.to ?? this.provisional?.to ?? 0
  }

  async #search(): Promise<void> {
    const found = await findEventFiles(this.#path)
    requireOneRun(found, this.#path)
    for (const file of found) {
      this.#files.set(file.path, file)
      this.#log.addFile(file.path)
    }
  }

  async #readSpecification(): Promise<RunSpecification | undefined> {
    for (const { path } of this.#files.values()) {
      const found = await readRunSpecification(runPaths(dirname(path))).catch(() => undefined) // written by another version
      if (found) return found
    }
    return undefined
  }

  /**
   * The newest part of every file: enough for the latest state, long before all is read. Not where all is read as soon.
   * @returns bytes there are
   */
  async #readTail(signal: AbortSignal): Promise<number> {
    const sizes = await Promise.all(
      Array.from(this.#files.keys(), async path => ({ path, size: await fileSize(path) })),
    )
    const all = sizes.reduce((sum, { size }) => sum + size, 0)
    if (all <= TAIL) return all
    const share = Math.max(LEAST_TAIL, Math.floor(TAIL / sizes.length))
    const position = new Map<string, FilePosition>()
    for (const { path, size } of sizes) position.set(path, await tailPosition(path, size, share))
    const tail: Provisional = { swarm: emptySwarm(), from: Number.POSITIVE_INFINITY, to: 0, lastActive: undefined }
    for (const { path } of sizes) {
      // What a peer trains with, and how far it had come, stands at the beginning.
      const { events } = await readPart(path, FILE_BEGIN, HEAD)
      for (const { event } of events) if (event.type === 'trainer' || event.type === 'state') observe(tail.swarm, event)
    }
    for await (const { observations } of this.#log.readAll(
      position,
      AbortSignal.any([signal, this.#stopping.signal]),
    )) {
      this.#nameByFolder()
      for (const observation of observations) {
        observe(tail.swarm, observation)
        tail.from = Math.min(tail.from, observation.time)
        tail.to = Math.max(tail.to, observation.time)
        if (observation.type === 'step') tail.lastActive = observation.time
      }
    }
    if (tail.to > 0) this.provisional = tail
    return all
  }

  async #readOn(onAll: () => void): Promise<void> {
    const { signal } = this.#stopping
    let position: FilesPosition = new Map()
    for (let look = 1; ; look++) {
      for await (const batch of this.#log.readAll(position, signal)) {
        position = batch.position
        this.#bytes.read += batch.bytes
        if (batch.observations.length === 0) continue
        this.#nameByFolder()
        this.timeline.add(batch.observations, position, batch.bytes)
        if (this.#whole) this.#grewAt = this.#clock.date()
      }
      this.#whole = true
      this.provisional = undefined
      onAll()
      await this.#clock.sleep(Math.max(FOLLOW_MS, MS_PER_FILE * this.#files.size), signal)
      if (look % SEARCH_EVERY === 0) await this.#search()
    }
  }

  #nameByFolder(): void {
    for (const { path, folder } of this.#files.values()) {
      const author = this.#log.author(path)
      if (author !== undefined && folder !== '' && !this.#named.has(path)) {
        this.#named.add(path)
        this.#names.call(author, folder)
      }
    }
  }
}

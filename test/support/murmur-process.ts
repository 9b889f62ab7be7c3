import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import type { Recorded, TelemetryEvent } from '../../src/core/telemetry.ts'

const bin = fileURLToPath(new URL('../../bin/murmur.js', import.meta.url))

interface Ended {
  /** Null when a signal ended it. */
  code: number | null
  signal: NodeJS.Signals | null
  /** What it said on stderr. */
  err: string
  /** The last object it printed. */
  last: Record<string, unknown>
}

type EventOf<K extends TelemetryEvent['type']> = Extract<Recorded, { type: K }>

interface Listening {
  type: 'listening'
  peer: string
  run: string
  invitations: string[]
}

/** A `murmur ... --json` process and what it prints, line by line. Killed when the test ends, whatever happens. */
export interface MurmurProcess {
  readonly ended: Promise<Ended>
  kill(signal: NodeJS.Signals): void
  /** Resolves with the first object it printed, past or to come, that the test accepts. */
  object(accepts: (object: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>
  /** The object printed once others can reach it. */
  listening(): Promise<Listening>
  /** Resolves with the first event, past or to come, that the test accepts; rejects when the process ended without it. */
  event<K extends TelemetryEvent['type']>(type: K, accepts?: (event: EventOf<K>) => boolean): Promise<EventOf<K>>
  all<K extends TelemetryEvent['type']>(type: K): EventOf<K>[]
  /** The newest of its kind. */
  latest<K extends TelemetryEvent['type']>(type: K): EventOf<K> | undefined
}

export interface SpawnInit {
  /** Code to run before murmur does, as a module. */
  preload?: string
  cwd?: string
  /** Added to this process's own. */
  env?: Record<string, string>
}

export function spawnMurmur(t: ExecutionContext, args: readonly string[], init: SpawnInit = {}): MurmurProcess {
  const options = init.preload ? ['--import', `data:text/javascript,${encodeURIComponent(init.preload)}`] : []
  const child = spawn(process.execPath, [...options, bin, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: init.cwd,
    env: { ...process.env, ...init.env },
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const objects: Record<string, unknown>[] = []
  const listeners = new Set<() => void>()
  const lines = createInterface({ input: child.stdout }).on('line', line => {
    objects.push(JSON.parse(line))
    for (const listener of listeners) listener()
  })
  const read = once(lines, 'close')
  let err = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    err += text
  })
  const ended = Promise.all([once(child, 'close'), read]).then(
    ([[code, signal]]): Ended => ({ code, signal, err, last: objects.at(-1) ?? {} }),
  )
  const find = <T>(look: () => T | undefined, what: string): Promise<T> =>
    new Promise((resolve, reject) => {
      const listener = () => {
        const found = look()
        if (found === undefined) return
        listeners.delete(listener)
        resolve(found)
      }
      listeners.add(listener)
      listener()
      void ended.then(({ code }) =>
        reject(new Error(`murmur ${args.join(' ')}: ended with ${code} before ${what}\n${err.slice(-2000)}`)),
      )
    })
  const all = <K extends TelemetryEvent['type']>(type: K) =>
    objects.filter(object => object.type === type) as unknown as EventOf<K>[]
  return {
    ended,
    kill: signal => void child.kill(signal),
    object: accepts => find(() => objects.find(accepts), 'the object'),
    listening: () => find(() => objects.find(({ type }) => type === 'listening') as Listening | undefined, 'listening'),
    event: (type, accepts = () => true) => {
      let seen = 0 // a look at every event once, however many there are
      return find(() => {
        for (; seen < objects.length; seen++) {
          const object = objects[seen] as unknown as Recorded
          if (object.type === type && accepts(object as EventOf<typeof type>)) return object as EventOf<typeof type>
        }
        return undefined
      }, `the ${type}`)
    },
    all,
    latest: type => objects.findLast(object => object.type === type) as EventOf<typeof type> | undefined,
  }
}

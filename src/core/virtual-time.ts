import type { Clock } from './clock.ts'
import { MurmurError } from './errors.ts'
import { eventQueue, type PlannedEvent } from './event-queue.ts'

/**
 * A discrete-event simulation's time: it stands still while anybody works and jumps to the next planned event when all
 * work has settled. Events happen one at a time, by time and then in the order in which they were planned, so a run is
 * the same on every machine as long as whatever it waits for is planned here, announced through `busy`, or a promise
 * that these settle.
 */
export interface VirtualTime extends Clock {
  /** Events that have happened. */
  readonly events: number
  /** Plans `task` for the moment `at`, or for now if that has passed. Returns the way to call it off. */
  schedule(at: number, task: () => void): () => void
  /**
   * Announces real work, such as a native computation: time waits until it is done. Of several, the results are handed
   * out in the order of the announcements, whichever is done first.
   */
  busy<T>(work: Promise<T>): Promise<T>
  /**
   * Lets time pass until `main` settles, and settles as it does. One at a time.
   * @throws MurmurError `STALLED` when nothing is planned and `main` still waits; the signal's reason
   */
  run<T>(main: Promise<T>, init?: RunInit): Promise<T>
}

interface RunInit {
  signal?: AbortSignal
  /**
   * Somebody outside virtual time takes part, such as a test that waits in real time: one event a turn of the event
   * loop, and where nothing is planned, time waits for a plan. @default false
   */
  outsiders?: boolean
}

/** What `date` says at time zero: 2023-11-14T22:13:20Z. */
const EPOCH = 1_700_000_000_000

/** Events between two turns of Node's own event loop, which signals and input and output need. */
const EVENTS_PER_TURN = 256

export function virtualTime(): VirtualTime {
  return new DiscreteEvents()
}

interface Run {
  readonly outsiders: boolean
  fail(error: unknown): void
}

interface Work {
  /** Settles, without a failure, when the work has. */
  readonly done: Promise<void>
  /** Hands the result out. */
  release(): void
}

class DiscreteEvents implements VirtualTime {
  readonly #queue = eventQueue()
  readonly #work: Work[] = []
  #now = 0
  #sequence = 0
  #run: Run | undefined
  /** Whether `#next` runs or is on its way: once, whoever asks for it. Two of them would take turns at work for nothing. */
  #driven = false
  events = 0

  now(): number {
    return this.#now
  }

  date(): number {
    return EPOCH + this.#now
  }

  schedule(at: number, task: () => void): () => void {
    if (Number.isNaN(at)) throw new Error('Expected an event at a number of milliseconds, got NaN')
    if (at === Infinity) return () => {}
    const event: PlannedEvent = { at: Math.max(at, this.#now), sequence: this.#sequence++, task, place: -1 }
    this.#queue.push(event)
    this.#drive()
    return () => this.#queue.remove(event)
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => {
        cancel()
        reject(signal?.reason)
      }
      const cancel = this.schedule(this.#now + ms, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  async turn(): Promise<void> {}

  busy<T>(work: Promise<T>): Promise<T> {
    if (!this.#run) return work
    return new Promise((resolve, reject) => {
      const settled = (release: () => void) => {
        entry.release = release
      }
      const entry = {
        done: work.then(
          value => settled(() => resolve(value)),
          error => settled(() => reject(error)),
        ),
        release: () => {},
      }
      this.#work.push(entry)
    })
  }

  run<T>(main: Promise<T>, init: RunInit = {}): Promise<T> {
    if (this.#run) throw new Error('Expected one run of virtual time at a time')
    const { signal, outsiders = false } = init
    return new Promise<T>((resolve, reject) => {
      const onAbort = () => fail(signal?.reason)
      const over = () => {
        this.#run = undefined
        for (const work of this.#work.splice(0)) void work.done.then(() => work.release())
        signal?.removeEventListener('abort', onAbort)
      }
      const fail = (error: unknown) => {
        over()
        reject(error)
      }
      if (signal?.aborted) return fail(signal.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#run = { outsiders, fail }
      main.then(value => {
        over()
        resolve(value)
      }, fail)
      this.#drive()
    })
  }

  #drive(): void {
    if (this.#driven || !this.#run) return
    this.#driven = true
    setImmediate(this.#next)
  }

  readonly #next = (): void => {
    const run = this.#run
    if (!run) {
      this.#rest()
      return
    }
    const working = this.#work[0]
    if (working) {
      void this.#await(working)
      return
    }
    const event = this.#queue.pop()
    if (!event) {
      this.#rest() // with outsiders until `schedule` drives on
      if (!run.outsiders) run.fail(this.#stalled())
      return
    }
    this.#now = event.at
    this.events += 1
    try {
      event.task()
      this.#settle()
    } catch (error) {
      this.#rest()
      run.fail(error)
    }
  }

  #rest(): void {
    this.#driven = false
  }

  async #await(work: Work): Promise<void> {
    await work.done
    if (this.#work[0] !== work) {
      this.#rest()
      return this.#drive() // the run it belonged to is over
    }
    this.#work.shift()
    work.release()
    this.#settle()
  }

  /**
   * Goes on when all work that follows has settled. Node looks at its queue of ticks again only when its queue of
   * microtasks is empty: a tick asked for by a microtask comes after every promise that can settle has.
   */
  #settle(): void {
    if (this.#run?.outsiders || this.events % EVENTS_PER_TURN === 0) setImmediate(this.#next)
    else queueMicrotask(this.#afterMicrotasks)
  }

  readonly #afterMicrotasks = (): void => {
    process.nextTick(this.#next)
  }

  #stalled(): MurmurError {
    return new MurmurError({
      code: 'STALLED',
      message:
        `Virtual time stands at ${this.#now} ms after ${this.events} events: nothing is planned, and somebody still ` +
        'waits: for something that never comes, or for real work that was not announced',
      details: { now: this.#now, events: this.events },
    })
  }
}

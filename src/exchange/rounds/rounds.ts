import { isErrorCode, MurmurError } from '../../core/errors.ts'
import type { AveragerComponents, AveragingCounters, ExchangeOutcome } from '../averager.ts'
import { countOutcome } from '../averager.ts'
import { failureOf } from '../failure.ts'
import { settledDeadline } from '../pairing/settled-deadline.ts'
import { LaterRound, type Mailbox, mailbox } from './mailbox.ts'
import { type Meeting, meetingOf } from './meeting.ts'

/**
 * Rounds in which all peers that train take part, each when it gets there; who is first waits for the last. Who takes part
 * is everybody's own view of the swarm: where two views differ, their letters do not match, and both look again until
 * they agree. The number of a round is a logical clock (Lamport 1978): a peer that is told by one it needs in a round that it
 * is in a later one by now goes there, so those who came late or missed one are in step with the others at once. Nobody else's
 * word counts. What fails is tried again in a later round, into which the others are drawn.
 */
export interface Rounds {
  start(): Promise<void>
  stop(): void
  /**
   * Takes part in the next round. Never rejects. 'no-partner' if this peer trains alone.
   * @param task returns the root mean square of the change that it is going to make. Runs again from the start when the
   *   swarm changed meanwhile, and so must have no effect.
   */
  hold(task: (meeting: Meeting) => Promise<number>, signal: AbortSignal): Promise<ExchangeOutcome>
}

export interface RoundsInit {
  /** Milliseconds for a round, waiting for the last included. */
  timeout: number
  /** Largest number of values of a letter. */
  longest: number
  counters: AveragingCounters
}

type RoundsComponents = Pick<AveragerComponents, 'transport' | 'clock' | 'run' | 'telemetry'> & {
  /** The other peers that train. */
  others(): readonly string[]
}

/**
 * Rounds that are skipped at once on another's word, at most. Whatever it claims, the numbers do not run out; and where it
 * made a peer go too far ahead, the others are told so as soon as they need that one, and follow.
 */
const LONGEST_LEAP = 2 ** 20

/** Milliseconds between two looks at who takes part, and after a stream broke. */
const LOOK_AGAIN = 250

export function rounds(components: RoundsComponents, init: RoundsInit): Rounds {
  return new SwarmRounds(components, init)
}

class SwarmRounds implements Rounds {
  readonly #c: RoundsComponents
  readonly #init: RoundsInit
  readonly #mailbox: Mailbox
  readonly #stopping = new AbortController()
  /** To whom a letter goes, and from whom one is waited for, in the round under way. */
  readonly #met = new Set<string>()
  /** What went to whom and came from whom and was not told yet; what is confirmed late is told with the next round of the two. */
  readonly #bytes = new Map<string, { sent: number; received: number }>()
  /** The attempt under way: of which round, with whom. */
  #current: { meeting: Meeting; over: AbortController } | undefined
  /** Attempts whose addressees were all told. */
  readonly #failed = new WeakSet<AbortController>()
  #warned = ''
  #next = 1

  constructor(components: RoundsComponents, init: RoundsInit) {
    this.#c = components
    this.#init = init
    this.#mailbox = mailbox(components, {
      longest: init.longest,
      patience: init.timeout,
      onBytes: (peer, { sent, received }) => {
        const soFar = this.#bytes.get(peer) ?? { sent: 0, received: 0 }
        this.#bytes.set(peer, { sent: soFar.sent + sent, received: soFar.received + received })
        init.counters.bytesSent += sent
        init.counters.bytesReceived += received
      },
      onOvertaken: (peer, round) => {
        const { meeting, over } = this.#current ?? {}
        if (meeting && round > meeting.round && meeting.members.includes(peer)) over?.abort(new LaterRound(peer, round))
      },
    })
  }

  async start(): Promise<void> {
    await this.#mailbox.start()
  }

  stop(): void {
    this.#stopping.abort(new MurmurError({ code: 'CANCELLED', message: 'this peer is stopping' }))
    this.#mailbox.stop()
  }

  async hold(task: (meeting: Meeting) => Promise<number>, signal: AbortSignal): Promise<ExchangeOutcome> {
    const { clock } = this.#c
    let distance = 0
    const measured = async (meeting: Meeting) => {
      distance = await task(meeting)
    }
    const begun = clock.now()
    const over = AbortSignal.any([signal, this.#stopping.signal])
    let outcome: ExchangeOutcome
    try {
      outcome = await settledDeadline(clock, this.#init.timeout, 'a round', over, inner =>
        this.#attempts(measured, inner),
      )
    } catch (error) {
      outcome = over.aborted ? 'cancelled' : failureOf(error)
      if (isErrorCode(error, 'TOPOLOGY_IMPOSSIBLE')) this.#warn(error.message)
    }
    this.#mailbox.enter(this.#next, this.#c.others())
    countOutcome(this.#init.counters, outcome)
    this.#record({ outcome, distance, ms: clock.now() - begun })
    return outcome
  }

  async #attempts(task: (meeting: Meeting) => Promise<void>, signal: AbortSignal): Promise<ExchangeOutcome> {
    for (;;) {
      const others = this.#c.others()
      if (others.length === 0) return 'no-partner'
      const failure = await this.#attempt(task, others, signal)
      if (!failure) return 'ok'
      if (!(failure instanceof LaterRound)) await this.#c.clock.sleep(LOOK_AGAIN, signal)
    }
  }

  /** @returns why to try again, in another round, if the task did not get through */
  async #attempt(
    task: (meeting: Meeting) => Promise<void>,
    others: readonly string[],
    signal: AbortSignal,
  ): Promise<Error | undefined> {
    const self = this.#c.transport.id
    const round = this.#next
    this.#mailbox.enter(round, others)
    const over = new AbortController()
    const written = new Set<string>()
    const meeting = meetingOf(this.#mailbox, { round, self, members: [self, ...others].sort() }, over, (to, sent) => {
      written.add(to)
      sent.then(({ taken }) => taken).catch(error => this.#lost(to, error, over))
    })
    const cut = () => over.abort(signal.reason)
    signal.addEventListener('abort', cut, { once: true })
    this.#current = { meeting, over }
    const watching = this.#endWhenSuperseded(meeting, over)
    try {
      await task(this.#noting(meeting))
      this.#next = round + 1
      return undefined
    } catch (error) {
      const cause: unknown = over.signal.aborted ? over.signal.reason : error
      this.#failed.add(over)
      this.#leave(written, cause)
      signal.throwIfAborted()
      if (cause instanceof LaterRound || cause instanceof Superseded) return cause
      if (isErrorCode(cause, 'CHANNEL_BROKEN')) return cause
      throw cause
    } finally {
      this.#current = undefined
      signal.removeEventListener('abort', cut)
      over.abort()
      await watching
    }
  }

  #noting(meeting: Meeting): Meeting {
    return {
      ...meeting,
      send: (to, ...letter) => {
        this.#met.add(to)
        return meeting.send(to, ...letter)
      },
      receive: (from, ...letter) => {
        this.#met.add(from)
        return meeting.receive(from, ...letter)
      },
    }
  }

  /** Goes on to a later round, and tells those who may wait for this peer in the one that it leaves. */
  #leave(written: ReadonlySet<string>, cause: unknown): void {
    const later = cause instanceof LaterRound ? cause.round : 0
    this.#next = Math.min(Math.max(later, this.#next + 1), this.#next + LONGEST_LEAP)
    this.#mailbox.recall(written)
    if (!this.#stopping.signal.aborted) this.#mailbox.tell(written, this.#next)
  }

  /** A letter may not have arrived: its attempt fails, or, if that is over, the addressee learns that it need not wait for it. */
  #lost(to: string, error: unknown, attempt: AbortController): void {
    if (attempt === this.#current?.over) attempt.abort(error)
    else if (!this.#failed.has(attempt) && !this.#stopping.signal.aborted) this.#mailbox.tell([to], this.#next)
  }

  /** Looks now and then whether these are still the members. */
  async #endWhenSuperseded(meeting: Meeting, over: AbortController): Promise<void> {
    const { clock, transport } = this.#c
    while (!over.signal.aborted) {
      await clock.sleep(LOOK_AGAIN, over.signal).catch(() => {})
      const members = [transport.id, ...this.#c.others()].sort()
      if (members.join() !== meeting.members.join()) over.abort(new Superseded())
    }
  }

  /** Once for each message: a round comes round again soon. */
  #warn(message: string): void {
    if (message === this.#warned) return
    this.#warned = message
    this.#c.telemetry.record({ type: 'warning', reason: 'topology-impossible', message })
  }

  /** One of the two has begun, in turns: nobody did first, and their exchange must not be told as two. */
  #begins(round: number, partner: string): boolean {
    return this.#c.transport.id < partner === (round % 2 === 0)
  }

  #record(report: { outcome: ExchangeOutcome; distance: number; ms: number }): void {
    const round = this.#next - 1
    for (const partner of this.#met) {
      const { sent, received } = this.#bytes.get(partner) ?? { sent: 0, received: 0 }
      this.#bytes.delete(partner)
      this.#c.telemetry.record({
        type: 'exchange',
        role: this.#begins(round, partner) ? 'initiator' : 'responder',
        id: `round-${round}`,
        partner,
        shard: 'all',
        staleness: 0,
        weight: 1,
        bytesSent: sent,
        bytesReceived: received,
        ...report,
      })
    }
    this.#met.clear()
    const others = new Set(this.#c.others())
    for (const peer of this.#bytes.keys()) if (!others.has(peer)) this.#bytes.delete(peer)
  }
}

/** Another try, with those who train now. */
class Superseded extends Error {
  override readonly name = 'Superseded'
}

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
 * they agree. The number of a round is a logical clock (Lamport 1978): a peer that hears of a later round than its own
 * goes there, so those who came late or missed one are in step with the others at once.
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
 * Rounds by which a peer may be ahead where only some wait for each other. Beyond, it is this peer that came late.
 */
const MOST_AHEAD = 8

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
  /** What went to whom and came from whom in the round under way. */
  readonly #bytes = new Map<string, { sent: number; received: number }>()
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
    }
    this.#next += 1
    countOutcome(this.#init.counters, outcome)
    this.#record({ outcome, distance, ms: clock.now() - begun })
    return outcome
  }

  async #attempts(task: (meeting: Meeting) => Promise<void>, signal: AbortSignal): Promise<ExchangeOutcome> {
    for (;;) {
      const others = this.#c.others()
      if (others.length === 0) return 'no-partner'
      if (this.#mailbox.newest > this.#next + MOST_AHEAD) this.#next = this.#mailbox.newest
      const round = this.#next
      this.#mailbox.enter(round)
      const self = this.#c.transport.id
      const over = new AbortController()
      const meeting = meetingOf(this.#mailbox, { round, self, members: [self, ...others].sort() }, over)
      const cut = () => over.abort(signal.reason)
      signal.addEventListener('abort', cut, { once: true })
      const watching = this.#endWhenSuperseded(meeting, over)
      try {
        await task(meeting)
        return 'ok'
      } catch (error) {
        this.#mailbox.recall()
        signal.throwIfAborted()
        if (error instanceof LaterRound) this.#next = Math.max(this.#next, error.round)
        else if (
          !isErrorCode(error, 'CHANNEL_BROKEN') &&
          !isErrorCode(error, 'PEER_UNREACHABLE') &&
          error !== superseded
        ) {
          throw error
        }
      } finally {
        signal.removeEventListener('abort', cut)
        over.abort()
        await watching
      }
      await this.#c.clock.sleep(LOOK_AGAIN, signal)
    }
  }

  /** Looks now and then whether this is still the round, and these the members. */
  async #endWhenSuperseded(meeting: Meeting, over: AbortController): Promise<void> {
    const { clock, transport } = this.#c
    while (!over.signal.aborted) {
      await clock.sleep(LOOK_AGAIN, over.signal).catch(() => {})
      const members = [transport.id, ...this.#c.others()].sort()
      const late = this.#mailbox.newest > meeting.round + MOST_AHEAD
      if (late || members.join() !== meeting.members.join()) over.abort(superseded)
    }
  }

  #record(report: { outcome: ExchangeOutcome; distance: number; ms: number }): void {
    for (const [partner, { sent, received }] of this.#bytes) {
      this.#c.telemetry.record({
        type: 'exchange',
        role: sent > 0 ? 'initiator' : 'responder',
        id: `round-${this.#next - 1}`,
        partner,
        shard: 'all',
        staleness: 0,
        weight: 1,
        bytesSent: sent,
        bytesReceived: received,
        ...report,
      })
    }
    this.#bytes.clear()
  }
}

const superseded = new Error('the swarm changed, or is rounds ahead')

import type { Clock } from '../../core/clock.ts'
import type { Channel, PeerId, Transport } from '../../network/transport.ts'
import { ExchangeRefused } from '../failure.ts'
import { settledDeadline } from '../pairing/settled-deadline.ts'

/** Milliseconds between two attempts to learn what became of an exchange: doubled each time, up to the longest. */
const RETRY_PAUSE = { first: 100, longest: 2000 }

export interface OutgoingInit {
  partner: PeerId
  protocol: string
  /** Milliseconds. */
  timeout: number
  /** Told of the stream, if there was one, when it is over. */
  onEnd(channel: Channel): void
}

/** Opens a stream, does what is to be done on it within the deadline, and ends it whatever happens. */
export async function onStream<T>(
  { clock, transport }: { clock: Clock; transport: Transport },
  { partner, protocol, timeout, onEnd }: OutgoingInit,
  signal: AbortSignal,
  task: (channel: Channel, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  let channel: Channel | undefined
  try {
    return await settledDeadline(clock, timeout, `an exchange with ${partner}`, signal, async inner => {
      channel = await transport.open(partner, protocol, inner)
      const result = await task(channel, inner)
      channel.close().catch(error => channel?.abort(error))
      return result
    })
  } catch (error) {
    channel?.abort(error instanceof Error ? error : new Error(String(error)))
    throw error
  } finally {
    if (channel) onEnd(channel)
  }
}

/**
 * Asks again and again what became of something, until the other side says so or time is up.
 * @param timeout milliseconds
 * @param cause why there is need to ask: thrown when time is up
 * @param ask gets the milliseconds that it may take. An `ExchangeRefused` is an answer too.
 */
export async function askAgain<T>(
  clock: Clock,
  timeout: number,
  cause: unknown,
  signal: AbortSignal,
  ask: (ms: number) => Promise<T>,
): Promise<T> {
  const until = clock.now() + timeout
  for (let pause = RETRY_PAUSE.first; ; pause = Math.min(2 * pause, RETRY_PAUSE.longest)) {
    await clock.sleep(Math.min(pause, timeout / 8), signal)
    const left = until - clock.now()
    if (left <= 0) throw cause
    try {
      return await ask(Math.min(left, timeout / 2))
    } catch (error) {
      if (error instanceof ExchangeRefused) throw error
    }
  }
}

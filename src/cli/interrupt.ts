import { MurmurError } from '../core/errors.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * npm passes a Ctrl-C on to its script although the terminal has sent it there already; signals this close together are
 * one wish. Milliseconds.
 */
const SAME_WISH_MS = 150

/** The part of `process` that is needed here. */
interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
}

export interface InterruptComponents {
  source: SignalSource
  /** Milliseconds; never runs backwards. */
  now(): number
  /** Tells the user what the first signal does. */
  say(line: string): void
  /** Ends the process at once, so that a shell shows 130. */
  end(): void
}

/** The user's wish to stop. The first signal asks politely, a second one ends the process with 130. */
export interface Interrupt {
  /** Fires at the first signal, with a `CANCELLED` error as its reason. */
  readonly signal: AbortSignal
  /** Names what a polite stop will finish: "the exchange under way, then a checkpoint". */
  finishing(what: string): void
  /** Asks for a polite stop as the first signal would, without a word. */
  abort(reason: string): void
  /** Stops listening; signals then have their usual effect again. */
  stop(): void
}

export function interruptOnSignals(components: InterruptComponents): Interrupt {
  const { source, now, say, end } = components
  const controller = new AbortController()
  let what: string | undefined
  let first = Number.NEGATIVE_INFINITY

  const abort = (reason: string) => controller.abort(new MurmurError({ code: 'CANCELLED', message: reason }))
  const listener = (signal: NodeJS.Signals) => {
    if (first === Number.NEGATIVE_INFINITY) {
      first = now()
      say(`${signal}: ${what ? `finishing ${what}` : 'stopping'} (once more to exit at once)`)
      abort(`interrupted by ${signal}`)
    } else if (now() - first >= SAME_WISH_MS) {
      end()
    }
  }
  for (const signal of SIGNALS) source.on(signal, listener)

  return {
    signal: controller.signal,
    finishing: next => {
      what = next
    },
    abort,
    stop: () => {
      for (const signal of SIGNALS) source.off(signal, listener)
    },
  }
}

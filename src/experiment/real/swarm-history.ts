import { isErrorCode } from '../../core/errors.ts'
import type { Recorded } from '../../core/telemetry.ts'
import { readEvents } from '../../peer/records/read-events.ts'
import { type Ledger, ledger } from '../simulation/ledger.ts'

/** What the peers of a real run did, and when. Times in milliseconds since the first peer began to train. */
export interface SwarmHistory {
  readonly ledger: Ledger
  /** When each step of any peer ended. Ascending. */
  readonly steps: readonly number[]
  /** Milliseconds for which peers trained, all added up. */
  readonly upMs: number
  /** Bytes that all peers had sent in exchanges by then. Heartbeats are not counted. */
  bytesUntil(ms: number): number
}

/**
 * Adds up the event logs of a swarm's peers.
 * @param tokensPerStep predicted symbols of one step
 * @throws MurmurError `STORAGE_FAILED`; the signal's reason
 */
export async function readSwarmHistory(
  logs: readonly string[],
  tokensPerStep: number,
  signal?: AbortSignal,
): Promise<SwarmHistory> {
  const totals = ledger(tokensPerStep)
  const steps: number[] = []
  const sent: { at: number; bytes: number }[] = []
  const begun: number[] = []
  let upMs = 0
  for (const log of logs) {
    let began: number | undefined
    let last: number | undefined
    for await (const event of eventsOf(log, signal)) {
      totals.record(event)
      if (isTraining(event)) began ??= event.time
      else if (event.type === 'step') {
        steps.push(event.time)
        last = event.time
      } else if (event.type === 'exchange') sent.push({ at: event.time, bytes: event.bytesSent })
    }
    if (began !== undefined) begun.push(began)
    if (began !== undefined && last !== undefined) upMs += last - began
  }
  const first = begun.length > 0 ? Math.min(...begun) : 0
  const since = (time: number) => Math.max(0, time - first)
  return {
    ledger: totals,
    steps: steps.map(since).sort((a, b) => a - b),
    upMs,
    bytesUntil: ms => sent.reduce((sum, { at, bytes }) => sum + (since(at) <= ms ? bytes : 0), 0),
  }
}

/** None of a peer that ended before it kept a log. */
async function* eventsOf(log: string, signal?: AbortSignal): AsyncGenerator<Recorded> {
  try {
    yield* readEvents(log, signal)
  } catch (error) {
    if (!isErrorCode(error, 'STORAGE_FAILED') || error.details.cause !== 'ENOENT') throw error
  }
}

function isTraining(event: Recorded): boolean {
  return event.type === 'state' && event.state === 'training'
}

import { totalmem } from 'node:os'
import type { Clock } from '../../core/clock.ts'
import type { Telemetry } from '../../core/telemetry.ts'

/** Milliseconds between two samples. */
const EVERY_MS = 10_000

/** Records this process's memory now and then, until the signal fires. */
export async function recordMemory(telemetry: Telemetry, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const constrained = process.constrainedMemory()
    // Without a limit of its own a container reports one that no machine has.
    const limit = constrained > 0 && constrained < totalmem() ? constrained : totalmem()
    const available = Math.min(process.availableMemory(), limit)
    telemetry.record({ type: 'memory', resident: process.memoryUsage.rss(), limit, available })
    await clock.sleep(EVERY_MS, signal).catch(() => {}) // stopped
  }
}

import type { Clock } from '../../core/clock.ts'
import type { Recorded, Telemetry } from '../../core/telemetry.ts'

/** Where recorded events go: the event log, a progress view, a summary. Must return at once and never throw. */
export interface RecordSink {
  write(event: Recorded): void
}

export interface RecorderComponents {
  clock: Pick<Clock, 'date'>
  sinks: readonly RecordSink[]
}

/** The telemetry port of one peer: stamps each event once with its time and author and hands it to every sink. */
export function recorder(components: RecorderComponents, by: string): Telemetry {
  const { clock, sinks } = components
  return {
    record(event) {
      const recorded: Recorded = { ...event, time: clock.date(), by }
      for (const sink of sinks) sink.write(recorded)
    },
  }
}

import type { ExchangeEvent, Recorded, StepEvent } from '../../../../src/core/telemetry.ts'

/** Events as a peer records them, for tests that care about a few of their fields. */

export function stepEvent(fields: Partial<Recorded<StepEvent>> = {}): Recorded<StepEvent> {
  return {
    type: 'step',
    step: 1,
    loss: 2.5,
    tokens: 512,
    learningRate: 1e-3,
    gradientNorm: 0.7,
    stepMs: 40,
    wallMs: 50,
    time: 1_700_000_000_000,
    by: 'peer-a',
    ...fields,
  }
}

export function exchangeEvent(fields: Partial<Recorded<ExchangeEvent>> = {}): Recorded<ExchangeEvent> {
  return {
    type: 'exchange',
    role: 'initiator',
    id: 'exchange-1',
    partner: 'peer-b',
    shard: 'shard-0',
    outcome: 'ok',
    staleness: 3,
    weight: 1,
    distance: 0.01,
    bytesSent: 1000,
    bytesReceived: 900,
    ms: 12,
    time: 1_700_000_000_000,
    by: 'peer-a',
    ...fields,
  }
}

/** A run of `count` steps of 512 tokens, with a falling loss. */
export function steps(count: number, fields: Partial<Recorded<StepEvent>> = {}): Recorded<StepEvent>[] {
  return Array.from({ length: count }, (_, i) =>
    stepEvent({
      step: i + 1,
      tokens: 512 * (i + 1),
      loss: 5.5 * 0.99 ** i,
      time: 1_700_000_000_000 + 50 * i,
      ...fields,
    }),
  )
}

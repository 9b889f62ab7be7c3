import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ExchangeEvent, Recorded, TelemetryEvent } from '../../src/core/telemetry.ts'

/** Builds one peer's events as they would have been recorded, its time moved on by what takes time. */
export class RecordedPeer {
  readonly events: Recorded[] = []
  readonly #by: string
  #time: number
  #step = 0

  constructor(by: string, time: number) {
    this.#by = by
    this.#time = time
    this.add({ type: 'state', state: 'training' })
  }

  add(event: TelemetryEvent): this {
    this.events.push({ ...event, time: this.#time, by: this.#by } as Recorded)
    return this
  }

  step(stepMs: number, wallMs = stepMs): this {
    this.#time += wallMs
    this.#step += 1
    const step = this.#step
    return this.add({
      type: 'step',
      step,
      loss: 3,
      tokens: step * 64,
      learningRate: 0.01,
      gradientNorm: 1,
      stepMs,
      wallMs,
    })
  }

  evaluation(): this {
    return this.add({ type: 'evaluation', step: this.#step, loss: 3, tokens: 128 })
  }

  exchange(changes: Pick<ExchangeEvent, 'id' | 'partner' | 'ms'> & Partial<ExchangeEvent>): this {
    return this.add({
      type: 'exchange',
      role: 'initiator',
      shard: 'all',
      outcome: 'ok',
      staleness: 0,
      weight: 0.5,
      distance: 0,
      bytesSent: 500,
      bytesReceived: 500,
      ...changes,
    })
  }

  write(path: string, more = ''): string {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, this.events.map(event => `${JSON.stringify(event)}\n`).join('') + more)
    return path
  }
}

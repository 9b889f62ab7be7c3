import { type Averager, type AveragerFactory, countOutcome, zeroCounters } from '../averager.ts'

/** The null algorithm: every peer for itself. The baseline that any averaging has to beat at equal tokens. */
export function noAveraging(): AveragerFactory {
  return components => new NoAveraging(components.shards.map(shard => shard.name))
}

class NoAveraging implements Averager {
  readonly hosts: readonly string[]
  readonly counters = zeroCounters()

  constructor(hosts: readonly string[]) {
    this.hosts = hosts
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  onStep(): void {}

  async exchange(): Promise<'no-partner'> {
    countOutcome(this.counters, 'no-partner')
    return 'no-partner'
  }
}

import type { VirtualTime } from '../../core/virtual-time.ts'
import type { Replica } from './replica.ts'

/**
 * A replica in virtual time: an update takes the milliseconds that `stepTime` draws, however long the machine needs for
 * it; the rest takes none. Its gradients are real.
 */
export function timedReplica(replica: Replica, time: VirtualTime, stepTime: () => number): Replica {
  return {
    backend: replica.backend,
    threads: replica.threads,
    layout: replica.layout,
    optimizerState: replica.optimizerState,
    async update(batch, init) {
      const report = await time.busy(replica.update(batch, init))
      await time.sleep(stepTime())
      return report
    },
    evaluate: batch => time.busy(replica.evaluate(batch)),
    read: (offset, into) => time.busy(replica.read(offset, into)),
    add: (offset, delta, scale) => time.busy(replica.add(offset, delta, scale)),
    save: into => time.busy(replica.save(into)),
    restore: (parameters, optimizer) => time.busy(replica.restore(parameters, optimizer)),
    release: () => time.busy(replica.release()),
  }
}

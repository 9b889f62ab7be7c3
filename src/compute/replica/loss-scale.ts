import type { UpdateReport } from './replica.ts'

const INITIAL = 2 ** 16
const LARGEST = 2 ** 24
/** Steps without overflow after which a larger scale is tried. */
const PATIENCE = 2000

/**
 * Dynamic loss scaling (Micikevicius et al. 2018, arXiv:1710.03740, section 3.2): the largest power of two with which
 * gradients do not overflow. A step that overflows is taken again with half the scale, so that no batch is lost.
 */
export class LossScale {
  #scale = INITIAL
  #steps = 0

  /** @param attempt computes and applies a step's gradient with a given scale, or changes nothing if it is not finite */
  async step(attempt: (scale: number) => Promise<UpdateReport>): Promise<UpdateReport> {
    for (;;) {
      const report = await attempt(this.#scale)
      const finite = Number.isFinite(report.gradientNorm) && Number.isFinite(report.loss)
      if (finite) this.#grow()
      else if (this.#scale > 1) {
        this.#scale /= 2
        this.#steps = 0
        continue
      }
      return report
    }
  }

  #grow(): void {
    this.#steps++
    if (this.#steps < PATIENCE) return
    this.#steps = 0
    this.#scale = Math.min(LARGEST, 2 * this.#scale)
  }
}

import { invalidOption } from '../../core/invalid-option.ts'
import type { Encoding } from './codec.ts'

export interface ErrorFeedbackInit {
  /** Values of a vector. */
  length: number
  /**
   * What is kept of the residual from one message to the next. Must be in [0, 1]. @default 1, which loses nothing; 0.95 in
   * SparseLoCo (Sarfi et al. 2025, arXiv:2508.15706); 0 is no feedback
   */
  decay?: number
}

/**
 * What a lossy encoding leaves out is remembered and sent with a later message: u = decay e + delta, c = C(u), e = u - c
 * (Seide et al. 2014, Interspeech; Karimireddy et al. 2019, arXiv:1901.09847). With decay 1 what was sent and the
 * residual add up to what was given, so a biased encoding loses nothing for good.
 */
export interface ErrorFeedback {
  /** e: given and not sent yet. */
  readonly residual: Readonly<Float32Array>
  /**
   * The bytes of one message. The residual changes once the last has been handed out, and not if that fails or the
   * generator is given up; the encoding may be another one each time. One message at a time; `delta` must not change
   * meanwhile.
   * @param sent becomes c, what the receiver decodes
   * @throws MurmurError `VALUES_INVALID` if delta is not finite
   */
  compress(encoding: Encoding, delta: Float32Array, sent: Float32Array): Generator<Uint8Array<ArrayBuffer>>
  /** Takes back what was sent and did not arrive. */
  returned(sent: Float32Array): void
}

/** @throws MurmurError `SPECIFICATION_INVALID` */
export function errorFeedback({ length, decay = 1 }: ErrorFeedbackInit): ErrorFeedback {
  if (!(decay >= 0 && decay <= 1)) throw invalidOption('decay', 'a number >= 0 and <= 1', decay)
  return new Feedback(length, decay)
}

class Feedback implements ErrorFeedback {
  readonly #decay: number
  #residual: Float32Array
  /** u of the message under way. */
  #sum: Float32Array

  constructor(length: number, decay: number) {
    this.#decay = decay
    this.#residual = new Float32Array(length)
    this.#sum = new Float32Array(length)
  }

  get residual(): Float32Array {
    return this.#residual
  }

  *compress(encoding: Encoding, delta: Float32Array, sent: Float32Array): Generator<Uint8Array<ArrayBuffer>> {
    const [residual, sum] = [this.#residual, this.#sum]
    for (let i = 0; i < sum.length; i++) sum[i] = this.#decay * residual[i]! + delta[i]!
    const decoder = encoding.decoder(sent)
    for (const chunk of encoding.encode(sum)) {
      decoder.write(chunk)
      yield chunk
    }
    decoder.end()
    for (let i = 0; i < sum.length; i++) sum[i]! -= sent[i]!
    this.#residual = sum
    this.#sum = residual
  }

  returned(sent: Float32Array): void {
    for (let i = 0; i < sent.length; i++) this.#residual[i]! += sent[i]!
  }
}

import type { Observation } from './observation.ts'
import type { ObservationLog } from './observation-log.ts'

/** How many observations came before. */
export type MemoryPosition = number

export interface MemoryLog extends ObservationLog<MemoryPosition> {
  /** After the newest. */
  readonly end: MemoryPosition
  /** Keeps an observation, at its own time or that of the one before, whichever is later; returns it as kept. */
  append(observation: Observation): Observation
}

/** Observations let go at a time. */
const CHUNK = 1024

/** The newest observations of something that is only heard once. @param capacity most of them, in whole chunks of 1024 */
export function memoryLog(capacity: number): MemoryLog {
  return new Chunks(Math.max(2, Math.ceil(capacity / CHUNK)))
}

class Chunks implements MemoryLog {
  readonly #most: number
  #chunks: Observation[][] = [[]]
  /** Number of the first observation held. */
  #begin = 0
  #end = 0
  #latest = 0

  constructor(most: number) {
    this.#most = most
  }

  get begin(): MemoryPosition {
    return this.#begin
  }

  get whole(): boolean {
    return this.#begin === 0
  }

  get end(): MemoryPosition {
    return this.#end
  }

  append(observation: Observation): Observation {
    this.#latest = Math.max(this.#latest, observation.time)
    const kept = observation.time === this.#latest ? observation : { ...observation, time: this.#latest }
    if (this.#chunks.at(-1)!.length >= CHUNK) {
      this.#chunks.push([])
      if (this.#chunks.length > this.#most) {
        this.#chunks.shift()
        this.#begin += CHUNK
      }
    }
    this.#chunks.at(-1)!.push(kept)
    this.#end++
    return kept
  }

  holds(position: MemoryPosition): boolean {
    return position >= this.#begin
  }

  async *read(from: MemoryPosition, until: number, signal: AbortSignal) {
    for (let position = Math.max(from, this.#begin); position < this.#end; ) {
      signal.throwIfAborted()
      const held = Math.max(position, this.#begin) // chunks may go while the reader pauses
      const chunk = this.#chunks[Math.floor((held - this.#begin) / CHUNK)]!
      const rest = chunk.slice((held - this.#begin) % CHUNK)
      const after = rest.findIndex(({ time }) => time > until)
      const observations = after < 0 ? rest : rest.slice(0, after)
      position = held + observations.length
      yield { observations, position }
      if (after >= 0) return
    }
  }
}

import type { Canvas } from './view.ts'

/** A few lines that say how something stands. */
export interface StatusView {
  /** @param lines the first one is the most important */
  show(lines: readonly string[]): void
  /** Leaves the last state standing. Idempotent. */
  stop(): void
}

const FRAME_MS = 100
const PLAIN_EVERY_MS = 10_000

export const silentStatus: StatusView = { show: () => {}, stop: () => {} }

/** Draws in place, at most ten times a second. */
export function liveStatus(canvas: Canvas): StatusView & { redraw(): void } {
  let lines: readonly string[] = []
  let changed = false
  const redraw = () => {
    changed = false
    const { rows } = canvas.options()
    canvas.draw(lines.slice(0, Math.max(1, rows - 1)))
  }
  const frames = setInterval(() => changed && redraw(), FRAME_MS)
  frames.unref()
  return {
    show(next) {
      lines = next
      changed = true
    },
    redraw,
    stop() {
      clearInterval(frames)
      if (changed) redraw()
      canvas.done()
    },
  }
}

/** Writes the first line every ten seconds, if it has changed. */
export function plainStatus(line: (text: string) => void, now: () => number): StatusView {
  let told = Number.NEGATIVE_INFINITY
  let last = ''
  return {
    show([first = '']) {
      if (first === last || now() - told < PLAIN_EVERY_MS) return
      told = now()
      last = first
      line(first)
    },
    stop() {},
  }
}

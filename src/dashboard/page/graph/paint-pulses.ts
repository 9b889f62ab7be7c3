import type { Palette } from './palette.ts'
import type { Pulse, Pulses } from './pulses.ts'
import type { Size, Viewport } from './viewport.ts'

export interface PulsePainting {
  readonly context: CanvasRenderingContext2D
  readonly size: Size
  readonly viewport: Viewport
  readonly palette: Palette
  readonly now: number
  /** Nothing travels: the edge lights up and goes out. */
  readonly still: boolean
  /** A peer's radius on the screen: a pulse leaves and arrives at the rim. */
  readonly rim: (id: string) => number
}

const TAIL = 0.2

/**
 * Paints the exchanges in flight: a dot goes to the partner and comes back. One that failed stops half way at a cross.
 * Returns how many there are.
 */
export function paintPulses(painting: PulsePainting, pulses: Pulses): number {
  const { context, size } = painting
  context.clearRect(0, 0, size.width, size.height)
  context.lineCap = 'round'
  const count = pulses.each(painting.now, (pulse, progress) => {
    if (painting.still) glow(painting, pulse, progress)
    else if (pulse.failed) stopped(painting, pulse, progress)
    else travelling(painting, pulse, progress)
  })
  context.globalAlpha = 1
  return count
}

function travelling(painting: PulsePainting, pulse: Pulse, progress: number): void {
  const { context, palette } = painting
  const out = progress < 0.5
  const head = out ? progress * 2 : 2 - progress * 2
  const tail = out ? Math.max(0, head - TAIL) : Math.min(1, head + TAIL)
  context.globalAlpha = 0.75
  context.strokeStyle = palette.pulse
  context.lineWidth = 2
  segment(painting, pulse, tail, head)
  context.globalAlpha = 1
  context.fillStyle = palette.pulse
  context.beginPath()
  context.arc(screenX(painting, pulse, head), screenY(painting, pulse, head), 3, 0, 2 * Math.PI)
  context.fill()
}

function stopped(painting: PulsePainting, pulse: Pulse, progress: number): void {
  const { context, palette } = painting
  const head = Math.min(0.5, progress * 1.5)
  context.globalAlpha = progress < 0.7 ? 1 : (1 - progress) / 0.3
  context.strokeStyle = palette.failed
  context.lineWidth = 2
  segment(painting, pulse, Math.max(0, head - TAIL), head)
  const x = screenX(painting, pulse, head)
  const y = screenY(painting, pulse, head)
  context.beginPath()
  context.moveTo(x - 4, y - 4)
  context.lineTo(x + 4, y + 4)
  context.moveTo(x + 4, y - 4)
  context.lineTo(x - 4, y + 4)
  context.stroke()
}

function glow(painting: PulsePainting, pulse: Pulse, progress: number): void {
  const { context, palette } = painting
  context.globalAlpha = 1 - progress
  context.strokeStyle = pulse.failed ? palette.failed : palette.pulse
  context.lineWidth = 2.5
  context.setLineDash(pulse.failed ? FAILED_DASH : NO_DASH)
  segment(painting, pulse, 0, 1)
  context.setLineDash(NO_DASH)
}

const FAILED_DASH = [3, 5]
const NO_DASH: number[] = []

function segment(painting: PulsePainting, pulse: Pulse, from: number, to: number): void {
  const { context } = painting
  context.beginPath()
  context.moveTo(screenX(painting, pulse, from), screenY(painting, pulse, from))
  context.lineTo(screenX(painting, pulse, to), screenY(painting, pulse, to))
  context.stroke()
}

function screenX(painting: PulsePainting, pulse: Pulse, part: number): number {
  const { from, to } = pulse
  return (from.x + (to.x - from.x) * betweenRims(painting, pulse, part)) * painting.viewport.scale + painting.viewport.x
}

function screenY(painting: PulsePainting, pulse: Pulse, part: number): number {
  const { from, to } = pulse
  return (from.y + (to.y - from.y) * betweenRims(painting, pulse, part)) * painting.viewport.scale + painting.viewport.y
}

/** A part of the way from rim to rim as a part of the way from centre to centre. */
function betweenRims({ viewport, rim }: PulsePainting, { from, to }: Pulse, part: number): number {
  const length = Math.hypot(to.x - from.x, to.y - from.y) * viewport.scale
  const start = rim(from.id)
  const end = rim(to.id)
  return length <= start + end ? 0.5 : (start + (length - start - end) * part) / length
}

import type { Palette } from './palette.ts'
import { LEVELS, UNKNOWN } from './scales.ts'

/** All that a node's looks depend on. */
export interface Look {
  /** 0 to LEVELS - 1, or UNKNOWN. */
  readonly level: number
  /** `marks.ringOf` */
  readonly ring: string
  /** One letter, or none. */
  readonly mark: string
  readonly silent: boolean
}

interface Sprite {
  readonly image: HTMLCanvasElement
  /** CSS pixels from the image's edge to the node's centre. */
  readonly half: number
}

/** Nodes that look the same are drawn once and copied from then on. */
export interface Sprites {
  get(look: Look, radius: number): Sprite
}

/** Radii are drawn in steps of 8%, so that zooming does not draw every node anew in every frame. */
const STEP = Math.log(1.08)
/** Looks kept before all are forgotten. */
const CAPACITY = 4096

export function nodeSprites(palette: Palette, pixelRatio: number): Sprites {
  /** By identity: a scene keeps one object for each look. */
  const kept = new Map<Look, Map<number, Sprite>>()
  let count = 0
  return {
    get(look, radius) {
      const step = Math.round(Math.log(radius) / STEP)
      const known = kept.get(look)?.get(step)
      if (known) return known
      if (++count > CAPACITY) {
        kept.clear()
        count = 1
      }
      const sprite = draw(look, Math.exp(step * STEP), palette, pixelRatio)
      const sizes = kept.get(look) ?? new Map<number, Sprite>()
      kept.set(look, sizes.set(step, sprite))
      return sprite
    },
  }
}

function draw(look: Look, radius: number, palette: Palette, pixelRatio: number): Sprite {
  const ringWidth = Math.max(1, radius * 0.16)
  const half = Math.ceil(radius + ringWidth * 2.2 + 1)
  const image = document.createElement('canvas')
  image.width = image.height = Math.ceil(half * 2 * pixelRatio)
  const context = image.getContext('2d')!
  context.scale(pixelRatio, pixelRatio)
  context.translate(half, half)
  if (look.silent) context.globalAlpha = 0.55
  disc(context, look, radius, palette)
  ring(context, look, radius + ringWidth * 1.3, ringWidth, palette)
  if (radius >= 5.5 && look.mark !== '') mark(context, look.mark, radius, palette)
  return { image, half }
}

/** The fill rises with the value, so that colour is not the only thing that says it. */
function disc(context: CanvasRenderingContext2D, look: Look, radius: number, palette: Palette): void {
  circle(context, radius)
  context.fillStyle = palette.paper
  context.fill()
  if (look.level === UNKNOWN) {
    context.strokeStyle = palette.muted
    context.lineWidth = 1
    context.stroke()
    return
  }
  const colour = palette.levels[look.level]!
  context.save()
  circle(context, radius)
  context.clip()
  const strength = context.globalAlpha
  context.globalAlpha = strength * (radius < 5 ? 1 : 0.4)
  context.fillStyle = colour
  context.fillRect(-radius, -radius, 2 * radius, 2 * radius)
  context.globalAlpha = strength
  const height = 2 * radius * (0.12 + (0.88 * look.level) / (LEVELS - 1))
  context.fillRect(-radius, radius - height, 2 * radius, height)
  context.restore()
}

function ring(context: CanvasRenderingContext2D, look: Look, radius: number, width: number, palette: Palette): void {
  const segments = look.ring.length
  const gap = segments > 1 ? Math.min(0.18, 1.2 / radius) : 0
  context.lineWidth = width
  context.strokeStyle = palette.ring
  if (look.silent) context.setLineDash([width * 1.6, width * 1.8])
  const strength = context.globalAlpha
  for (let s = 0; s < segments; s++) {
    const from = -Math.PI / 2 + (2 * Math.PI * s) / segments + gap / 2
    const to = -Math.PI / 2 + (2 * Math.PI * (s + 1)) / segments - gap / 2
    context.globalAlpha = look.ring[s] === '1' ? strength : strength * 0.2
    context.beginPath()
    context.arc(0, 0, radius, from, to)
    context.stroke()
  }
  context.globalAlpha = strength
  context.setLineDash([])
}

function mark(context: CanvasRenderingContext2D, letter: string, radius: number, palette: Palette): void {
  context.font = `650 ${radius * 0.98}px system-ui, sans-serif`
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.lineJoin = 'round'
  context.lineWidth = radius * 0.24
  context.strokeStyle = palette.paper
  context.strokeText(letter, 0, radius * 0.05)
  context.fillStyle = palette.ink
  context.fillText(letter, 0, radius * 0.05)
}

function circle(context: CanvasRenderingContext2D, radius: number): void {
  context.beginPath()
  context.arc(0, 0, radius, 0, 2 * Math.PI)
}

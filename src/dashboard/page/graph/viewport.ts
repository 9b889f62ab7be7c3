/** How the world lies on the screen: screen = world * scale + offset, in CSS pixels. */
export interface Viewport {
  readonly scale: number
  readonly x: number
  readonly y: number
}

export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

const MIN_SCALE = 0.05
const MAX_SCALE = 8

/** Zooms by a factor and keeps the screen's point where it is. */
export function zoomAt(viewport: Viewport, factor: number, screenX: number, screenY: number): Viewport {
  const scale = Math.min(MAX_SCALE, Math.max(MIN_SCALE, viewport.scale * factor))
  const ratio = scale / viewport.scale
  return { scale, x: screenX - (screenX - viewport.x) * ratio, y: screenY - (screenY - viewport.y) * ratio }
}

export function panBy(viewport: Viewport, dx: number, dy: number): Viewport {
  return { scale: viewport.scale, x: viewport.x + dx, y: viewport.y + dy }
}

/** The box in the middle of the screen, with a margin in pixels; at most `maxScale`, so that two peers stay two dots. */
export function fitBox(box: Box, size: Size, margin: number, maxScale: number): Viewport {
  const width = Math.max(1, box.right - box.left)
  const height = Math.max(1, box.bottom - box.top)
  const room = (length: number) => Math.max(1, length - 2 * margin)
  const scale = Math.max(MIN_SCALE, Math.min(room(size.width) / width, room(size.height) / height, maxScale))
  return {
    scale,
    x: size.width / 2 - (scale * (box.left + box.right)) / 2,
    y: size.height / 2 - (scale * (box.top + box.bottom)) / 2,
  }
}

/** A part of the way from one view to another, for following the swarm without a jerk. */
export function approach(from: Viewport, to: Viewport, part: number): Viewport {
  return {
    scale: from.scale + (to.scale - from.scale) * part,
    x: from.x + (to.x - from.x) * part,
    y: from.y + (to.y - from.y) * part,
  }
}

export function isNear(a: Viewport, b: Viewport): boolean {
  return Math.abs(a.scale / b.scale - 1) < 0.002 && Math.abs(a.x - b.x) < 0.5 && Math.abs(a.y - b.y) < 0.5
}

/** The smallest box around all points; a box around the origin where there is none. */
export function bounds(points: readonly { readonly x: number; readonly y: number }[]): Box {
  if (points.length === 0) return { left: -1, top: -1, right: 1, bottom: 1 }
  let left = Infinity
  let top = Infinity
  let right = -Infinity
  let bottom = -Infinity
  for (const { x, y } of points) {
    if (x < left) left = x
    if (x > right) right = x
    if (y < top) top = y
    if (y > bottom) bottom = y
  }
  return { left, top, right, bottom }
}

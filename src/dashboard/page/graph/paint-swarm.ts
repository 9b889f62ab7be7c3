import type { Palette } from './palette.ts'
import { nodeScale } from './scales.ts'
import type { Node, Scene } from './scene.ts'
import type { Sprites } from './sprites.ts'
import type { Size, Viewport } from './viewport.ts'

/** What of the scene is picked out. */
export interface Emphasis {
  /** The peer that is selected, and the one under the pointer or the keyboard. */
  readonly selected: string | undefined
  readonly hovered: string | undefined
  /** The connection that is selected or hovered. */
  readonly tie: string | undefined
  /** Peers that a search found; undefined while nothing is searched. */
  readonly found: ReadonlySet<string> | undefined
}

export interface SwarmPainting {
  readonly context: CanvasRenderingContext2D
  readonly size: Size
  readonly viewport: Viewport
  readonly palette: Palette
  readonly sprites: Sprites
  readonly pixelRatio: number
  readonly now: number
}

export const GHOST_MS = 900
const FAINT = 0.16
/** Segments in one path: a software rasteriser takes one huge path worse than several smaller ones. */
const BATCH = 256

/** Paints connections, then peers. Free of allocation in its loops. */
export function paintSwarm(painting: SwarmPainting, scene: Scene, emphasis: Emphasis): void {
  const { context, size } = painting
  context.clearRect(0, 0, size.width, size.height)
  paintTies(painting, scene, emphasis)
  paintGhosts(painting, scene)
  paintNodes(painting, scene, emphasis)
}

function paintTies(painting: SwarmPainting, scene: Scene, emphasis: Emphasis): void {
  const { context, palette, pixelRatio } = painting
  const picked = emphasis.hovered ?? emphasis.selected
  // Lines of one device pixel take the rasteriser's short way.
  context.lineWidth = 1 / pixelRatio
  context.globalAlpha = (picked || emphasis.found ? 0.5 : 1) * thinning(scene.layout.ties.length)
  context.strokeStyle = palette.edge
  strokeTies(painting, scene, false)
  context.strokeStyle = palette.busyEdge
  strokeTies(painting, scene, true)
  context.globalAlpha = 1
  context.strokeStyle = palette.accent
  context.lineWidth = 1.5
  context.beginPath()
  for (const tie of scene.layout.ties) {
    if (tie.key === emphasis.tie || (!emphasis.tie && (tie.source.id === picked || tie.target.id === picked))) {
      line(painting, tie.source.x, tie.source.y, tie.target.x, tie.target.y)
    }
  }
  context.stroke()
}

/** Many lines are drawn fainter, so that the peers stay in front of them. */
function thinning(ties: number): number {
  return Math.min(1, Math.max(0.3, Math.sqrt(500 / Math.max(1, ties))))
}

function strokeTies(painting: SwarmPainting, scene: Scene, busy: boolean): void {
  const { context } = painting
  context.beginPath()
  let pending = 0
  for (const tie of scene.layout.ties) {
    if (scene.isBusy(tie) !== busy) continue
    if (!line(painting, tie.source.x, tie.source.y, tie.target.x, tie.target.y)) continue
    if (++pending < BATCH) continue
    context.stroke()
    context.beginPath()
    pending = 0
  }
  context.stroke()
}

/** False where the line lies wholly to one side of the screen. */
function line({ context, viewport, size }: SwarmPainting, ax: number, ay: number, bx: number, by: number): boolean {
  const x1 = ax * viewport.scale + viewport.x
  const y1 = ay * viewport.scale + viewport.y
  const x2 = bx * viewport.scale + viewport.x
  const y2 = by * viewport.scale + viewport.y
  if ((x1 < 0 && x2 < 0) || (y1 < 0 && y2 < 0)) return false
  if ((x1 > size.width && x2 > size.width) || (y1 > size.height && y2 > size.height)) return false
  context.moveTo(x1, y1)
  context.lineTo(x2, y2)
  return true
}

function paintGhosts(painting: SwarmPainting, scene: Scene): void {
  for (const { node, goneAt } of scene.ghosts) {
    const strength = 1 - (painting.now - goneAt) / GHOST_MS
    if (strength <= 0) continue
    painting.context.globalAlpha = strength * 0.6
    stamp(painting, node)
  }
  painting.context.globalAlpha = 1
}

function paintNodes(painting: SwarmPainting, scene: Scene, emphasis: Emphasis): void {
  const { context } = painting
  const { found, selected, hovered } = emphasis
  for (const node of scene.nodes) {
    const id = node.body.id
    context.globalAlpha = found && !found.has(id) && id !== selected && id !== hovered ? FAINT : 1
    stamp(painting, node)
  }
  context.globalAlpha = 1
  for (const id of [selected, hovered]) {
    const node = id === undefined ? undefined : scene.node(id)
    if (node) halo(painting, node, id === selected)
  }
}

function stamp({ context, viewport, size, sprites }: SwarmPainting, node: Node): void {
  const x = node.body.x * viewport.scale + viewport.x
  const y = node.body.y * viewport.scale + viewport.y
  const { image, half } = sprites.get(node.look, node.radius * nodeScale(viewport.scale))
  if (x < -half || y < -half || x > size.width + half || y > size.height + half) return
  context.drawImage(image, x - half, y - half, 2 * half, 2 * half)
}

/** Who is selected has a closed double ring, who is pointed at a single one. */
function halo({ context, viewport, palette }: SwarmPainting, node: Node, selected: boolean): void {
  const x = node.body.x * viewport.scale + viewport.x
  const y = node.body.y * viewport.scale + viewport.y
  const radius = node.radius * nodeScale(viewport.scale) * 1.36 + 4
  context.strokeStyle = palette.accent
  context.lineWidth = 2
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  if (selected) {
    context.moveTo(x + radius + 4, y)
    context.arc(x, y, radius + 4, 0, 2 * Math.PI)
  }
  context.stroke()
}

import type { Emphasis, SwarmPainting } from './paint-swarm.ts'
import { nodeScale } from './scales.ts'
import type { Node, Scene } from './scene.ts'
import { bounds } from './viewport.ts'

/** Most labels at a time: more could not be read. */
const MAX_LABELS = 72
/** Pixels between neighbours from which all are named. */
const ROOM = 46
/** Of the page's letters. */
const SIZE = 0.82

interface Rectangle {
  left: number
  top: number
  right: number
  bottom: number
}

/** Writes names under the nodes, those picked out first, and leaves out what would cover another. */
export function paintLabels(painting: SwarmPainting, scene: Scene, emphasis: Emphasis): void {
  const { context } = painting
  const taken: Rectangle[] = []
  context.textAlign = 'center'
  context.textBaseline = 'top'
  context.lineJoin = 'round'
  const write = (node: Node | undefined) => node && taken.length < MAX_LABELS && label(painting, node, taken)
  for (const id of [emphasis.hovered, emphasis.selected]) if (id !== undefined) write(scene.node(id))
  if (emphasis.found) for (const id of emphasis.found) write(scene.node(id))
  else if (hasRoom(painting, scene)) for (const node of scene.nodes) write(node)
}

/** Whether neighbours stand far enough apart for names between them. */
function hasRoom({ viewport }: SwarmPainting, scene: Scene): boolean {
  const box = bounds(scene.layout.bodies)
  const area = (box.right - box.left) * (box.bottom - box.top) * viewport.scale ** 2
  return scene.nodes.length <= 24 || area / scene.nodes.length > ROOM ** 2
}

function label(painting: SwarmPainting, node: Node, taken: Rectangle[]): void {
  const { context, viewport, size, palette } = painting
  const x = node.body.x * viewport.scale + viewport.x
  const y = node.body.y * viewport.scale + viewport.y + node.radius * nodeScale(viewport.scale) * 1.36 + 4
  if (x < 0 || y < 0 || x > size.width || y > size.height) return
  const letter = palette.rem * SIZE
  // Letters are a little wider than half their height: measuring each text would cost more than it places better.
  const halfWidth = Math.max(node.name.length, node.caption.length) * letter * 0.28 + 3
  const bottom = y + letter * (node.caption ? 2.35 : 1.2)
  const box = { left: x - halfWidth, top: y - 1, right: x + halfWidth, bottom }
  if (taken.some(other => overlap(box, other))) return
  taken.push(box)
  context.lineWidth = 3
  context.strokeStyle = palette.paper
  context.fillStyle = palette.ink
  context.font = `600 ${letter}px system-ui, sans-serif`
  context.strokeText(node.name, x, y)
  context.fillText(node.name, x, y)
  if (node.caption === '') return
  context.fillStyle = palette.muted
  context.font = `${letter * 0.95}px system-ui, sans-serif`
  context.strokeText(node.caption, x, y + letter * 1.15)
  context.fillText(node.caption, x, y + letter * 1.15)
}

function overlap(a: Rectangle, b: Rectangle): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

import { setAttributes } from '../element.ts'
import type { Body, Tie } from './layout.ts'
import { type Direction, nearestPoint, nearestSegment, neighbour } from './nearest.ts'
import { paintLabels } from './paint-labels.ts'
import { paintPulses } from './paint-pulses.ts'
import { type Emphasis, GHOST_MS, paintSwarm, type SwarmPainting } from './paint-swarm.ts'
import { type Palette, readPalette } from './palette.ts'
import { connectionKey, type Picture } from './picture.ts'
import { pulses } from './pulses.ts'
import { MAX_RADIUS, nodeScale } from './scales.ts'
import { type Scene, swarmScene } from './scene.ts'
import { nodeSprites, type Sprites } from './sprites.ts'
import { approach, bounds, fitBox, isNear, panBy, type Size, type Viewport, zoomAt } from './viewport.ts'

export type Target = { kind: 'peer'; id: string } | { kind: 'connection'; a: string; b: string }

export interface GraphEvents {
  /** A click or Enter on a peer or a connection; undefined on nothing. */
  selected(target: Target | undefined): void
  /** What the pointer or the keyboard is on, and where that is inside the graph, in CSS pixels. */
  pointed(target: Target | undefined, x: number, y: number): void
}

export interface GraphElements {
  readonly sky: HTMLElement
  readonly swarm: HTMLCanvasElement
  readonly exchanges: HTMLCanvasElement
}

/** The swarm on two canvases: peers and connections on one, exchanges in flight on the other. */
export interface GraphView {
  readonly scene: Scene
  show(picture: Picture): void
  /** An exchange, to be shown in so many milliseconds. Of unknown peers it shows nothing. */
  pulse(from: string, to: string, failed: boolean, delayMs: number): void
  clearPulses(): void
  emphasise(selection: Target | undefined, found: ReadonlySet<string> | undefined): void
  zoom(factor: number): void
  pan(dx: number, dy: number): void
  /** Shows everybody, and keeps doing so as peers come and go. */
  fitAll(): void
  /** From who is pointed at, or the middle, to the next in a direction. */
  step(direction: Direction): void
  pointedPeer(): string | undefined
  /** At a place of the element; `coarse` for fingers. */
  pointAt(x: number, y: number, coarse: boolean): Target | undefined
  leave(): void
  zoomAround(factor: number, x: number, y: number): void
  /** Colours and sizes have changed. */
  restyle(): void
}

const PULSE_MS = 1100
const MAX_PULSES = 600
const FIT_MARGIN = 44
/** Few peers are not blown up further than this, at letters of 14 pixels. */
const FIT_SCALE = 1.9
const SETTLE_TICKS = 120

export function graphView(elements: GraphElements, events: GraphEvents, reducedMotion: () => boolean): GraphView {
  const { sky, swarm, exchanges } = elements
  const scene = swarmScene()
  const flights = pulses({ capacity: MAX_PULSES, durationMs: PULSE_MS })
  const swarmContext = swarm.getContext('2d')!
  const exchangeContext = exchanges.getContext('2d')!
  let size: Size = { width: 1, height: 1 }
  let pixelRatio = 1
  let palette: Palette = readPalette(sky)
  let sprites: Sprites = nodeSprites(palette, pixelRatio)
  let viewport: Viewport = { scale: 1, x: 0, y: 0 }
  let following = true
  let frame = 0
  let dirty = true
  let flying = false
  let pointed: Target | undefined
  let selection: Target | undefined
  let found: ReadonlySet<string> | undefined

  const wake = () => {
    if (frame === 0) frame = requestAnimationFrame(paint)
  }
  const repaint = () => {
    dirty = true
    wake()
  }

  /** All peers, with room for the names below them. */
  function everybody(): Viewport {
    const above = { width: size.width, height: size.height - 2 * palette.rem }
    return fitBox(bounds(scene.layout.bodies), above, FIT_MARGIN, (FIT_SCALE * palette.rem) / 14)
  }

  function paint(now: number): void {
    frame = 0
    const moved = reducedMotion() ? settle() : scene.layout.tick()
    if (following) follow(moved)
    scene.forget(now - GHOST_MS)
    if (dirty || moved || scene.ghosts.length > 0) {
      dirty = false
      const painting: SwarmPainting = { context: swarmContext, size, viewport, palette, sprites, pixelRatio, now }
      paintSwarm(painting, scene, emphasis())
      paintLabels(painting, scene, emphasis())
      if (pointed) tellPointed()
    }
    const still = reducedMotion()
    const flown = paintPulses({ context: exchangeContext, size, viewport, palette, now, still, rim }, flights)
    if (flown > 0 || flying) setAttributes(sky, { 'data-pulses': flown, 'data-pulses-shown': flights.shown })
    flying = flown > 0
    if (moved || flying || dirty || scene.ghosts.length > 0) wake()
  }

  function rim(id: string): number {
    return (scene.node(id)?.radius ?? 0) * nodeScale(viewport.scale) * 1.36
  }

  function settle(): boolean {
    const stirred = !scene.layout.calm
    scene.layout.settle(SETTLE_TICKS)
    return stirred
  }

  /** Goes along with the swarm's spread, a little in each frame. */
  function follow(moved: boolean): void {
    const goal = everybody()
    if (isNear(viewport, goal)) return
    viewport = reducedMotion() ? goal : approach(viewport, goal, moved ? 0.12 : 0.2)
    dirty = true
  }

  function emphasis(): Emphasis {
    const tie = pointed?.kind === 'connection' ? pointed : selection?.kind === 'connection' ? selection : undefined
    return {
      selected: selection?.kind === 'peer' ? selection.id : undefined,
      hovered: pointed?.kind === 'peer' ? pointed.id : undefined,
      tie: tie && connectionKey(tie.a, tie.b),
      found,
    }
  }

  function resize(): void {
    const box = sky.getBoundingClientRect()
    size = { width: Math.max(1, box.width), height: Math.max(1, box.height) }
    palette = readPalette(sky)
    const ratio = Math.min(2, window.devicePixelRatio || 1)
    if (ratio !== pixelRatio) sprites = nodeSprites(palette, ratio)
    pixelRatio = ratio
    for (const canvas of [swarm, exchanges]) {
      canvas.width = Math.round(size.width * ratio)
      canvas.height = Math.round(size.height * ratio)
      canvas.getContext('2d')!.setTransform(ratio, 0, 0, ratio, 0, 0)
    }
    if (following) viewport = everybody()
    repaint()
  }

  function point(target: Target | undefined): void {
    if (sameTarget(target, pointed)) return
    pointed = target
    if (target) tellPointed()
    else events.pointed(undefined, 0, 0)
    repaint()
  }

  function tellPointed(): void {
    const place = pointed && middleOf(pointed)
    if (place) events.pointed(pointed, place.x * viewport.scale + viewport.x, place.y * viewport.scale + viewport.y)
    else point(undefined)
  }

  function middleOf(target: Target): { x: number; y: number } | undefined {
    if (target.kind === 'peer') return scene.layout.body(target.id)
    const a = scene.layout.body(target.a)
    const b = scene.layout.body(target.b)
    return a && b && { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }
  }

  const look = (next: Viewport) => {
    following = false
    viewport = next
    repaint()
  }

  new ResizeObserver(resize).observe(sky)
  resize()

  return {
    scene,
    show(picture) {
      const wasEmpty = scene.nodes.length === 0
      scene.show(picture, performance.now())
      flights.keep(body => scene.layout.body(body.id) === body)
      if (wasEmpty && following) viewport = everybody()
      setAttributes(sky, { 'data-peers': scene.nodes.length, 'data-connections': scene.layout.ties.length })
      repaint()
    },
    pulse(from, to, failed, delayMs) {
      const a = scene.layout.body(from)
      const b = scene.layout.body(to)
      if (!a || !b) return
      flights.add(a, b, performance.now() + delayMs, failed)
      wake()
    },
    clearPulses() {
      flights.clear()
      wake()
    },
    emphasise(nextSelection, nextFound) {
      selection = nextSelection
      found = nextFound
      repaint()
    },
    zoom: factor => look(zoomAt(viewport, factor, size.width / 2, size.height / 2)),
    zoomAround: (factor, x, y) => look(zoomAt(viewport, factor, x, y)),
    pan: (dx, dy) => look(panBy(viewport, dx, dy)),
    fitAll() {
      following = true
      wake()
    },
    step(direction) {
      const from = pointed?.kind === 'peer' ? scene.layout.body(pointed.id) : undefined
      const start = from ?? (selection?.kind === 'peer' ? scene.layout.body(selection.id) : undefined)
      const next = start
        ? neighbour(scene.layout.bodies, start, direction)
        : nearestPoint(scene.layout.bodies, 0, 0, 1e9)
      if (next) point({ kind: 'peer', id: next.id })
    },
    pointedPeer: () => (pointed?.kind === 'peer' ? pointed.id : undefined),
    pointAt(x, y, coarse) {
      const worldX = (x - viewport.x) / viewport.scale
      const worldY = (y - viewport.y) / viewport.scale
      const near = (MAX_RADIUS * nodeScale(viewport.scale) + (coarse ? 14 : 4)) / viewport.scale
      const body: Body | undefined = nearestPoint(scene.layout.bodies, worldX, worldY, near)
      const reach = (coarse ? 14 : 6) / viewport.scale
      const tie: Tie | undefined = body ? undefined : nearestSegment(scene.layout.ties, worldX, worldY, reach)
      if (body) point({ kind: 'peer', id: body.id })
      else if (tie) point({ kind: 'connection', a: tie.source.id, b: tie.target.id })
      else point(undefined)
      return pointed
    },
    leave: () => point(undefined),
    restyle() {
      palette = readPalette(sky)
      sprites = nodeSprites(palette, pixelRatio)
      repaint()
    },
  }
}

function sameTarget(a: Target | undefined, b: Target | undefined): boolean {
  if (a?.kind === 'peer' && b?.kind === 'peer') return a.id === b.id
  if (a?.kind === 'connection' && b?.kind === 'connection') return connectionKey(a.a, a.b) === connectionKey(b.a, b.b)
  return a === b
}

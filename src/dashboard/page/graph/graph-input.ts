import type { GraphEvents, GraphView } from './graph-view.ts'
import type { Direction } from './nearest.ts'

/** A pointer that moved less than this meant what it touched, pixels. */
const CLICK_SLOP = 5
const ZOOM_STEP = 1.25
const PAN_STEP = 60

const arrows: Readonly<Record<string, { direction: Direction; dx: number; dy: number }>> = {
  ArrowLeft: { direction: 'left', dx: 1, dy: 0 },
  ArrowRight: { direction: 'right', dx: -1, dy: 0 },
  ArrowUp: { direction: 'up', dx: 0, dy: 1 },
  ArrowDown: { direction: 'down', dx: 0, dy: -1 },
}

/** Pointer, wheel and keys of the graph. */
export function listenToGraph(sky: HTMLElement, view: GraphView, events: Pick<GraphEvents, 'selected'>): void {
  listenToPointers(sky, view, events)
  sky.addEventListener(
    'wheel',
    event => {
      // Where the page itself scrolls, the wheel is the page's unless ctrl (or a pinch, which looks the same) is held.
      const scrolls = document.documentElement.scrollHeight > window.innerHeight + 1
      if (scrolls && !event.ctrlKey) return
      event.preventDefault()
      const box = sky.getBoundingClientRect()
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1
      view.zoomAround(Math.exp(-event.deltaY * lines * 0.0015), event.clientX - box.left, event.clientY - box.top)
    },
    { passive: false },
  )
  sky.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (!pressed(event, view, events)) return
    event.preventDefault()
    event.stopPropagation()
  })
  sky.addEventListener('blur', () => view.leave())
}

function pressed(event: KeyboardEvent, view: GraphView, events: Pick<GraphEvents, 'selected'>): boolean {
  const arrow = arrows[event.key]
  if (arrow && event.shiftKey) view.pan(arrow.dx * PAN_STEP, arrow.dy * PAN_STEP)
  else if (arrow) view.step(arrow.direction)
  else if (event.key === '+' || event.key === '=') view.zoom(ZOOM_STEP)
  else if (event.key === '-') view.zoom(1 / ZOOM_STEP)
  else if (event.key === '0') view.fitAll()
  else if (event.key === 'Escape') events.selected(undefined)
  else if (event.key === 'Enter') {
    const id = view.pointedPeer()
    if (id !== undefined) events.selected({ kind: 'peer', id })
  } else return false
  return true
}

interface Touch {
  x: number
  y: number
  movedBy: number
}

function listenToPointers(sky: HTMLElement, view: GraphView, events: Pick<GraphEvents, 'selected'>): void {
  const touches = new Map<number, Touch>()
  const place = (event: PointerEvent) => {
    const box = sky.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }

  sky.addEventListener('pointerdown', event => {
    if (event.button !== 0) return
    sky.setPointerCapture(event.pointerId)
    touches.set(event.pointerId, { ...place(event), movedBy: 0 })
  })

  sky.addEventListener('pointermove', event => {
    const { x, y } = place(event)
    const touch = touches.get(event.pointerId)
    if (!touch) {
      const target = view.pointAt(x, y, false)
      sky.classList.toggle('over', target !== undefined)
      return
    }
    const dx = x - touch.x
    const dy = y - touch.y
    touch.movedBy += Math.hypot(dx, dy)
    const [other] = [...touches].filter(([id]) => id !== event.pointerId).map(([, held]) => held)
    if (other) {
      const before = Math.hypot(touch.x - other.x, touch.y - other.y)
      const after = Math.hypot(x - other.x, y - other.y)
      if (before > 1 && after > 1) view.zoomAround(after / before, (x + other.x) / 2, (y + other.y) / 2)
    } else if (touch.movedBy > CLICK_SLOP) {
      view.pan(dx, dy)
      sky.classList.add('dragging')
    }
    touch.x = x
    touch.y = y
  })

  const lift = (event: PointerEvent) => {
    const touch = touches.get(event.pointerId)
    touches.delete(event.pointerId)
    sky.classList.remove('dragging')
    if (!touch || touch.movedBy > CLICK_SLOP || event.type === 'pointercancel') return
    events.selected(view.pointAt(touch.x, touch.y, event.pointerType !== 'mouse'))
  }
  sky.addEventListener('pointerup', lift)
  sky.addEventListener('pointercancel', lift)
  sky.addEventListener('pointerleave', event => {
    if (!touches.has(event.pointerId)) view.leave()
  })
}

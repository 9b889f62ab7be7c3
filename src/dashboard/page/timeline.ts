import type { Curves, Series } from '../api/curves.ts'
import type { RunInfo } from '../api/run.ts'
import { byId, SVG, setAttributes, setText } from './element.ts'
import { clock, duration } from './format.ts'
import type { Phase, Player } from './player.ts'

/** The bar with which one travels in time. */
export interface Timeline {
  show(run: RunInfo | undefined, time: number | undefined): void
  phase(phase: Phase): void
  activity(curves: Curves): void
}

const STEPS = 2000
/** Arrow keys go this share of the whole. */
const KEY_STEP = 1 / 100

export function timeline(player: Player): Timeline {
  const play = byId('play', HTMLButtonElement)
  const playIcon = byId('play-icon', SVGElement)
  const scrubber = byId('scrubber', HTMLInputElement)
  const output = byId('clock', HTMLOutputElement)
  const speed = byId('speed', HTMLSelectElement)
  const live = byId('live', HTMLButtonElement)
  const shape = byId('activity', SVGElement)
  let from = 0
  let to = 0
  let dragging = false
  let playAfterwards = false

  play.addEventListener('click', () => (player.phase === 'paused' ? player.play() : player.pause()))
  speed.addEventListener('change', () => player.setSpeed(Number(speed.value)))
  live.addEventListener('click', () => player.follow())
  scrubber.max = scrubber.value = String(STEPS)

  const wanted = () => from + (Number(scrubber.value) / STEPS) * (to - from)
  scrubber.addEventListener('pointerdown', () => {
    dragging = true
    playAfterwards = player.phase === 'playing'
  })
  scrubber.addEventListener('input', () => {
    describe(wanted())
    player.seek(wanted())
  })
  scrubber.addEventListener('change', () => {
    dragging = false
    if (playAfterwards) player.play()
    playAfterwards = false
  })
  scrubber.addEventListener('pointercancel', () => {
    dragging = false
  })
  scrubber.addEventListener('keydown', event => {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key]
    if (steps === undefined) return
    event.preventDefault()
    const at = Math.min(to, Math.max(from, (player.model.time ?? to) + steps * KEY_STEP * (to - from)))
    place(at)
    player.seek(at)
  })

  function place(time: number): void {
    scrubber.value = String(to > from ? ((time - from) / (to - from)) * STEPS : STEPS)
    describe(time)
  }

  function describe(time: number): void {
    setText(output, clock(time))
    setAttributes(scrubber, { 'aria-valuetext': `${clock(time)}, ${duration(time - from)} after the beginning` })
  }

  return {
    show(run, time) {
      const known = run !== undefined && run.from !== null && time !== undefined
      scrubber.disabled = play.disabled = !known
      live.hidden = run?.mode !== 'live'
      if (!known) return
      from = run.from!
      to = Math.max(run.to ?? time, player.phase === 'following' ? time : 0, from)
      if (!dragging) place(time)
    },
    phase(phase) {
      const paused = phase === 'paused'
      playIcon.setAttribute('href', paused ? '#icon-play' : '#icon-pause')
      setAttributes(play, { 'aria-label': paused ? 'Play' : 'Pause' })
      setAttributes(live, { 'aria-pressed': String(phase === 'following') })
    },
    activity(curves) {
      shape.replaceChildren(polygon(greatestNear(curves.swarm.peers, 6)))
    },
  }
}

/** In short buckets not everybody says something: the most of a few neighbours is nearer to who was there. */
function greatestNear(values: Series, reach: number): Series {
  return values.map((_, i) =>
    values.slice(Math.max(0, i - reach), i + reach + 1).reduce((most: number, value) => Math.max(most, value ?? 0), 0),
  )
}

/** How many peers there were, as a shape behind the scrubber. */
function polygon(values: Series): SVGElement {
  const most = values.reduce((greatest: number, value) => Math.max(greatest, value ?? 0), 1)
  const last = Math.max(1, values.length - 1)
  const tops = values.map(
    (value, i) => `${((512 * i) / last).toFixed(1)},${(100 - (70 * (value ?? 0)) / most).toFixed(1)}`,
  )
  const made = document.createElementNS(SVG, 'polygon')
  made.setAttribute('points', ['0,100', ...tops, '512,100'].join(' '))
  return made
}

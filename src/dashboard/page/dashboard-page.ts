import type { Curves } from '../api/curves.ts'
import { isColourBy } from './colour-by.ts'
import { showConnection } from './connection-status.ts'
import { curvesFeed } from './curves/curves-feed.ts'
import { curvesPanel } from './curves/curves-panel.ts'
import { detailCard } from './detail-card.ts'
import { byId, setText } from './element.ts'
import { connectionFacts, peerFacts } from './facts.ts'
import { listenToGraph } from './graph/graph-input.ts'
import { graphView, type Target } from './graph/graph-view.ts'
import { hoverCard } from './graph/hover-card.ts'
import { connectionKey } from './graph/picture.ts'
import { legend } from './legend.ts'
import { linkMemory } from './link-memory.ts'
import type { LinkState, Selection } from './link-state.ts'
import { alertsList } from './lists/alerts-list.ts'
import { eventFeed } from './lists/event-feed.ts'
import { peersTable } from './lists/peers-table.ts'
import { runPanel } from './lists/run-panel.ts'
import { foundBy, pictureOf, summaryOf } from './picture-of.ts'
import { type Connection, player } from './player.ts'
import { tabs } from './tabs.ts'
import { themeSwitch } from './theme.ts'
import { timeline } from './timeline.ts'
import { showVitals } from './vitals.ts'

/** Lists are read, not watched: they are written anew at most this often, milliseconds. */
const LISTS_MS = 1000

/** Brings the parts of the page together: the model in, what people do out. */
export function dashboardPage(): { start(): void } {
  const memory = linkMemory(next => go(next))
  let link = memory.read()
  let connection: Connection = 'connecting'
  let problem: string | undefined
  let frame = 0
  let listedAt = Number.NEGATIVE_INFINITY
  let listedPeers = 0
  let curves: Curves | undefined
  let pointed: { target: Target; x: number; y: number } | undefined

  const motion = matchMedia('(prefers-reduced-motion: reduce)')
  const sky = byId('sky', HTMLElement)
  const graphEvents = {
    selected: (target: Target | undefined) => select(target),
    pointed(target: Target | undefined, x: number, y: number) {
      const moved = target !== pointed?.target
      pointed = target && { target, x, y }
      showPointed(moved)
    },
  }
  const graph = graphView(
    { sky, swarm: byId('swarm', HTMLCanvasElement), exchanges: byId('exchanges', HTMLCanvasElement) },
    graphEvents,
    () => motion.matches,
  )
  const hover = hoverCard(byId('hover-card', HTMLElement))
  const detail = detailCard(byId('detail', HTMLElement), selection => {
    select(selection)
    if (!selection) sky.focus()
  })
  const showLegend = legend(byId('legend', HTMLElement))
  const table = peersTable(byId('peers', HTMLElement), id => select({ kind: 'peer', id }))
  const showFeed = eventFeed(byId('events', HTMLElement))
  const showAlerts = alertsList({
    pane: byId('alerts', HTMLElement),
    count: byId('alert-count', HTMLElement),
    announcements: byId('announcements', HTMLElement),
  })
  const showRun = runPanel(byId('run', HTMLElement))
  const panel = curvesPanel(byId('curves', HTMLElement))
  const search = byId('search', HTMLInputElement)

  const source = player({
    changed: () => modelChanged(),
    exchanged(exchanges, spanMs) {
      const first = exchanges[0]!.time
      const span = Math.max(1, exchanges.at(-1)!.time - first)
      for (const { from, to, outcome, time } of exchanges) {
        graph.pulse(from, to, outcome !== 'ok', (spanMs * (time - first)) / span)
      }
    },
    phase(phase) {
      time.phase(phase)
      refresh()
    },
    connection(next) {
      connection = next
      refresh()
    },
    problem(message) {
      problem = message
      refresh()
    },
  })
  const time = timeline(source)
  const askCurves = curvesFeed(next => {
    curves = next
    panel.show(next, selectedPeer())
    time.activity(next)
    refresh()
  })

  /** A moment's whole state, or somebody coming: the lists show it at once. */
  function modelChanged(): void {
    const { size } = source.model.peers
    if (size !== listedPeers) listedAt = Number.NEGATIVE_INFINITY
    listedPeers = size
    refresh()
  }

  /** Many messages, one painting. */
  function refresh(): void {
    if (frame === 0) frame = requestAnimationFrame(show)
  }

  function show(now: number): void {
    frame = 0
    const { model } = source
    showConnection(connection, source.phase, model, problem)
    setText(byId('title', HTMLElement), model.run?.title ?? 'Murmuration')
    document.title = model.run ? `${model.run.title} · Murmuration` : 'Murmuration'
    showVitals(document, model)
    time.show(model.run, model.time)
    const picture = pictureOf(model, link.colourBy)
    graph.show(picture)
    graph.emphasise(link.selection, foundBy(model, link.search))
    showLegend(link.colourBy, graph.scene.domain, picture)
    showAlerts(model.alerts)
    askCurves(model)
    if (now - listedAt < LISTS_MS) return
    listedAt = now
    setText(byId('graph-summary', HTMLElement), summaryOf(model, picture))
    showLists()
    showPointed(false)
  }

  function showLists(): void {
    const { model } = source
    table.show(model.peers.values(), model.time ?? 0, selectedPeer(), link.search)
    showFeed(model.feed, id => model.peers.get(id)?.name ?? id)
    showRun(model.run)
    panel.moveTo(model)
    detail.show(model, link.selection)
    memory.write({ ...link, at: source.phase === 'following' ? undefined : (model.time ?? link.at) })
  }

  /** What somebody did shows at once. */
  function showNow(): void {
    listedAt = Number.NEGATIVE_INFINITY
    refresh()
  }

  function select(selection: Selection | undefined): void {
    link = { ...link, selection }
    if (curves) panel.show(curves, selectedPeer())
    showNow()
  }

  function selectedPeer(): string | undefined {
    return link.selection?.kind === 'peer' ? link.selection.id : undefined
  }

  function showPointed(announce: boolean): void {
    const { model } = source
    const focus = byId('graph-focus', HTMLElement)
    if (!pointed) {
      hover.hide()
      return
    }
    const { target, x, y } = pointed
    if (target.kind === 'peer') {
      const peer = model.peers.get(target.id)
      if (!peer) return
      const facts = peerFacts(peer, model.time ?? 0)
      // Who is selected has all of this beside the graph already.
      if (target.id === selectedPeer()) hover.hide()
      else hover.show(peer.name, facts.slice(0, 9), x, y)
      if (announce) setText(focus, [peer.name, ...facts.slice(0, 8).map(fact => fact.join(' '))].join(', '))
      return
    }
    const key = connectionKey(target.a, target.b)
    const edge = model.edges.get(key)
    if (!edge) return
    const nameOf = (id: string) => model.peers.get(id)?.name ?? id
    const title = `${nameOf(target.a)} ↔ ${nameOf(target.b)}`
    hover.show(title, connectionFacts(edge, model.latest.get(key), model.time ?? 0), x, y)
  }

  /** To the view of a link, the first one or one that was pasted later. */
  function go(next: LinkState): void {
    link = next
    showLink()
    if (next.at === undefined) source.follow()
    else source.seek(next.at)
    showNow()
  }

  function showLink(): void {
    search.value = link.search
    for (const radio of document.querySelectorAll<HTMLInputElement>('[name="colour-by"]')) {
      radio.checked = radio.value === link.colourBy
    }
  }

  function listen(): void {
    listenToGraph(sky, graph, graphEvents)
    byId('zoom-in', HTMLElement).addEventListener('click', () => graph.zoom(1.4))
    byId('zoom-out', HTMLElement).addEventListener('click', () => graph.zoom(1 / 1.4))
    byId('zoom-fit', HTMLElement).addEventListener('click', () => graph.fitAll())
    byId('colour-by', HTMLElement).addEventListener('change', event => {
      const { value } = event.target as HTMLInputElement
      if (isColourBy(value)) link = { ...link, colourBy: value }
      showNow()
    })
    search.addEventListener('input', () => {
      link = { ...link, search: search.value }
      showNow()
    })
    search.addEventListener('keydown', event => {
      const [first] = foundBy(source.model, link.search) ?? []
      if (event.key === 'Enter' && first !== undefined) select({ kind: 'peer', id: first })
    })
    themeSwitch(byId('theme', HTMLSelectElement), () => {
      graph.restyle()
      panel.restyle()
    })
    tabs(byId('tabs', HTMLElement))
  }

  return {
    start() {
      listen()
      showLink()
      source.start(link.at)
      refresh()
      // Figures such as "3 s ago", and lists that changed since they were last written.
      setInterval(refresh, LISTS_MS)
    },
  }
}

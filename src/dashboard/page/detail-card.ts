import { api } from './api-client.ts'
import { element, icon, SVG, setAttributes } from './element.ts'
import { connectionFacts, peerFacts } from './facts.ts'
import { bytes, duration, quantity, whole } from './format.ts'
import { factList } from './graph/hover-card.ts'
import { connectionKey } from './graph/picture.ts'
import type { Selection } from './link-state.ts'
import type { SwarmModel } from './swarm-model.ts'

/** All about what is selected, over the graph: the same as a pointer finds there, for those who use none. */
export interface DetailCard {
  show(model: SwarmModel, selection: Selection | undefined): void
}

const MAX_PARTNERS = 40

export function detailCard(card: HTMLElement, select: (selection: Selection | undefined) => void): DetailCard {
  const title = element('h2', { tabindex: -1 })
  const close = element('button', { type: 'button', 'aria-label': 'Close' }, icon('close'))
  const body = element('div')
  const curve = element('div')
  card.append(element('header', {}, title, close), body, curve)
  close.addEventListener('click', () => select(undefined))
  card.addEventListener('keydown', event => event.key === 'Escape' && select(undefined))
  body.addEventListener('click', event => {
    const button = (event.target as Element).closest<HTMLElement>('button[data-partner]')
    const [a, b] = button?.dataset.partner?.split(' ') ?? []
    if (a && b) select({ kind: 'connection', a, b })
  })
  let asked = ''
  let asking = new AbortController()

  /** The curve of whom one looks at, asked for once for each selection. */
  function askCurve(id: string | undefined, at: number | undefined): void {
    if ((id ?? '') === asked) return
    asked = id ?? ''
    asking.abort()
    asking = new AbortController()
    curve.replaceChildren()
    if (id === undefined) return
    const { signal } = asking
    api.peer(id, at, signal).then(
      ({ lossCurve, warnings }) => {
        if (signal.aborted) return
        curve.replaceChildren(...sparkline(lossCurve.means), ...warningRows(warnings))
      },
      () => {
        // The figures above are there without it.
        if (!signal.aborted) asked = ''
      },
    )
  }

  return {
    show(model, selection) {
      card.hidden = selection === undefined
      const focused = (document.activeElement as HTMLElement | null)?.dataset.partner
      if (selection?.kind === 'peer') peer(model, selection.id)
      else if (selection) connection(model, selection.a, selection.b)
      askCurve(selection?.kind === 'peer' && model.peers.has(selection.id) ? selection.id : undefined, model.time)
      if (focused) body.querySelector<HTMLElement>(`button[data-partner="${CSS.escape(focused)}"]`)?.focus()
    },
  }

  function peer(model: SwarmModel, id: string): void {
    const known = model.peers.get(id)
    setTitle(known?.name ?? id)
    if (!known) {
      body.replaceChildren(element('p', {}, 'This peer is not known at this moment.'))
      return
    }
    body.replaceChildren(
      element('p', { class: 'id' }, id),
      factList(peerFacts(known, model.time ?? 0)),
      ...(known.lastWarning === null ? [] : [element('p', {}, `⚠ ${known.lastWarning}`)]),
      ...partners(model, id),
    )
  }

  function connection(model: SwarmModel, a: string, b: string): void {
    const nameOf = (id: string) => model.peers.get(id)?.name ?? id
    const key = connectionKey(a, b)
    const edge = model.edges.get(key)
    setTitle(`${nameOf(a)} ↔ ${nameOf(b)}`)
    body.replaceChildren(
      edge
        ? factList(connectionFacts(edge, model.latest.get(key), model.time ?? 0))
        : element('p', {}, 'These two have not exchanged by this moment.'),
    )
  }

  function setTitle(text: string): void {
    if (title.textContent !== text) title.textContent = text
    setAttributes(card, { 'aria-label': text })
  }
}

/** Everybody it exchanged with, the latest first. */
function partners(model: SwarmModel, id: string): HTMLElement[] {
  const edges = [...model.edges.values()].filter(edge => edge.a === id || edge.b === id)
  if (edges.length === 0) return []
  const rows = edges
    .toSorted((x, y) => y.lastAt - x.lastAt)
    .slice(0, MAX_PARTNERS)
    .map(edge => {
      const partner = edge.a === id ? edge.b : edge.a
      const name = model.peers.get(partner)?.name ?? partner
      const button = element('button', { type: 'button', 'data-partner': connectionKey(edge.a, edge.b) }, name)
      return element(
        'tr',
        {},
        element('th', { scope: 'row' }, button),
        ...[
          whole(edge.ok),
          bytes(edge.bytes),
          duration(edge.roundTripMs),
          quantity(edge.staleness),
          quantity(edge.disagreement),
        ].map(text => element('td', {}, text)),
      )
    })
  const heads = ['With', 'Done', 'Bytes', 'Trip', 'Stale', 'Differ'].map(text => element('th', { scope: 'col' }, text))
  const more = edges.length > MAX_PARTNERS ? ` (the latest ${MAX_PARTNERS} of ${whole(edges.length)})` : ''
  return [
    element('h3', {}, `Partners${more}`),
    element('table', {}, element('thead', {}, element('tr', {}, ...heads)), element('tbody', {}, ...rows)),
  ]
}

function sparkline(means: readonly (number | null)[]): Element[] {
  const known = means.filter(mean => mean !== null)
  if (known.length < 2) return []
  const low = Math.min(...known)
  const height = Math.max(...known) - low || 1
  const svg = document.createElementNS(SVG, 'svg')
  setAttributes(svg, { class: 'curve', viewBox: '0 0 128 32', preserveAspectRatio: 'none', role: 'img' })
  svg.setAttribute('aria-label', 'Training loss over its steps')
  const line = document.createElementNS(SVG, 'polyline')
  const points = known.map(
    (mean, i) => `${((128 * i) / (known.length - 1)).toFixed(1)},${(30 - (28 * (mean - low)) / height).toFixed(1)}`,
  )
  line.setAttribute('points', points.join(' '))
  svg.append(line)
  return [element('h3', {}, 'Training loss over its steps'), svg]
}

function warningRows(warnings: Readonly<Record<string, number>>): HTMLElement[] {
  const rows = Object.entries(warnings).map(([reason, n]): [string, string] => [reason, whole(n)])
  return rows.length === 0 ? [] : [element('h3', {}, 'Warnings'), factList(rows)]
}

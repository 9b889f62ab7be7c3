import { type ColourBy, isColourBy } from './colour-by.ts'

/** What a link carries: the moment, what is selected, what the colours say, what is searched. */
export interface LinkState {
  /** Milliseconds since the Unix epoch; undefined follows the end. */
  readonly at: number | undefined
  readonly selection: Selection | undefined
  readonly colourBy: ColourBy
  readonly search: string
}

export type Selection =
  | { readonly kind: 'peer'; readonly id: string }
  | { readonly kind: 'connection'; readonly a: string; readonly b: string }

const noLinkState: LinkState = { at: undefined, selection: undefined, colourBy: 'loss', search: '' }

/** Longest search and id that a link may bring in. */
const MAX_TEXT = 256

/** Reads a URL's hash. What it does not understand it leaves out. */
export function parseLink(hash: string): LinkState {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  const text = (name: string) => fields.get(name)?.slice(0, MAX_TEXT) ?? ''
  const at = Number(fields.get('at') ?? Number.NaN)
  const colourBy = text('colour')
  return {
    at: Number.isFinite(at) && at >= 0 ? at : undefined,
    selection: parseSelection(text('peer'), fields.getAll('between')),
    colourBy: isColourBy(colourBy) ? colourBy : noLinkState.colourBy,
    search: text('search'),
  }
}

/** The hash of a state, with its `#`; empty where everything is as usual. */
export function formatLink({ at, selection, colourBy, search }: LinkState): string {
  const fields = new URLSearchParams()
  if (at !== undefined) fields.set('at', String(Math.round(at)))
  if (selection?.kind === 'peer') fields.set('peer', selection.id)
  if (selection?.kind === 'connection') for (const end of [selection.a, selection.b]) fields.append('between', end)
  if (colourBy !== noLinkState.colourBy) fields.set('colour', colourBy)
  if (search !== '') fields.set('search', search)
  const text = fields.toString()
  return text === '' ? '' : `#${text}`
}

function parseSelection(peer: string, between: readonly string[]): Selection | undefined {
  const [a, b] = between
  if (peer !== '') return { kind: 'peer', id: peer }
  if (a && b && a !== b && a.length <= MAX_TEXT && b.length <= MAX_TEXT) return { kind: 'connection', a, b }
  return undefined
}

import { stripVTControlCharacters } from 'node:util'
import type { Paint, Style } from '../paint.ts'

export interface Span {
  text: string
  style: Style
}

export function span(text: string, style: Style = 'plain'): Span {
  return { text: printable(text), style }
}

/** Nothing another peer names itself may move the cursor or start a new line. */
export function printable(text: string): string {
  // Control characters are exactly what is looked for.
  return stripVTControlCharacters(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
}

const WIDE =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u

/** Columns of a code point on a terminal: none for a combining mark, two for East Asian wide forms and emoji. */
function codePointWidth(point: string): number {
  if (/\p{M}/u.test(point)) return 0
  return WIDE.test(point) ? 2 : 1
}

export function textWidth(text: string): number {
  let width = 0
  for (const point of text) width += codePointWidth(point)
  return width
}

/** The text in at most `columns` columns, with an ellipsis where something was cut off. */
export function truncate(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text
  if (columns < 1) return ''
  let cut = ''
  let width = 0
  for (const point of text) {
    width += codePointWidth(point)
    if (width > columns - 1) break
    cut += point
  }
  return `${cut}…`
}

/** Fills up to `columns` with spaces, on the right or (negative) on the left. Truncates what is longer. */
export function pad(text: string, columns: number): string {
  const cut = truncate(text, Math.abs(columns))
  const gap = ' '.repeat(Math.abs(columns) - textWidth(cut))
  return columns < 0 ? gap + cut : cut + gap
}

/** One line of at most `columns` columns, painted after it was measured. */
export function renderLine(spans: readonly Span[], columns: number, paint: Paint): string {
  let left = columns
  let line = ''
  for (const { text, style } of spans) {
    if (left <= 0) break
    const cut = truncate(text, left)
    line += paint(cut, style)
    left -= textWidth(cut)
  }
  return line
}

/** As many whole fields, two columns apart, as fit after `head`; the first one is kept in any case. */
export function fitFields(
  head: readonly Span[],
  fields: readonly (readonly Span[] | undefined)[],
  columns: number,
): Span[] {
  const line = [...head]
  let width = spansWidth(head)
  let first = true
  for (const field of fields) {
    if (!field) continue
    const needed = spansWidth(field) + (first ? 0 : 2)
    if (!first && width + needed > columns) continue
    if (!first) line.push(span('  '))
    line.push(...field)
    width += needed
    first = false
  }
  return line
}

export function spansWidth(spans: readonly Span[]): number {
  return spans.reduce((sum, { text }) => sum + textWidth(text), 0)
}

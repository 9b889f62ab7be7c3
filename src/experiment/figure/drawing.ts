import { element, escapeText, estimatedWidth, text } from './svg.ts'
import { figureStyle } from './theme.ts'

/** A figure that can stand in a page or in a file of its own. */
export interface Drawing {
  readonly width: number
  readonly height: number
  /** What a screen reader says. */
  readonly label: string
  readonly content: string
}

/** For a page that has `figureStyle`. */
export function inlineSvg(drawing: Drawing, className = ''): string {
  return root(drawing, `figure ${className}`.trim(), drawing.content)
}

/** A whole SVG file, light or dark as its reader prefers. */
export function svgFile(drawing: Drawing): string {
  const page = element('rect', { width: drawing.width, height: drawing.height, class: 'page' })
  return `${root(drawing, 'figure', element('style', {}, escapeText(figureStyle)), page, drawing.content)}\n`
}

function root({ width, height, label }: Drawing, className: string, ...content: readonly string[]): string {
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      class: className,
      role: 'img',
      'aria-label': label,
    },
    ...content,
  )
}

const EDGE = 12
const LINE = 17

/** Title and, under it, what belongs to it: where the figure proper can begin. */
export function heading(title: string, width: number): { content: string; bottom: number } {
  const lines = wrapped(title, 14, width - 2 * EDGE)
  const content = lines.map((line, i) => text(EDGE, 22 + i * 18, line, { class: 'title' })).join('')
  return { content, bottom: 22 + (lines.length - 1) * 18 + 8 }
}

/** Remarks under a figure, each beginning a line. */
export function remarks(notes: readonly string[], top: number, width: number): { content: string; bottom: number } {
  const lines = notes.flatMap(note => wrapped(note, 12, width - 2 * EDGE))
  const content = lines.map((line, i) => text(EDGE, top + 12 + i * LINE, line, { class: 'faint' })).join('')
  return { content, bottom: top + lines.length * LINE }
}

/** Lines of at most `width` pixels, broken between words. */
function wrapped(content: string, size: number, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of content.split(' ')) {
    const longer = line ? `${line} ${word}` : word
    if (line && estimatedWidth(longer, size) > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

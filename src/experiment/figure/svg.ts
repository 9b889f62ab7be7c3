/** Text of an SVG or HTML document. What people wrote passes through `escapeText`. */

export type Attributes = Readonly<Record<string, string | number | undefined>>

/** An element; coordinates are rounded to hundredths of a pixel, so that the bytes are the same on every machine. */
export function element(name: string, attributes: Attributes, ...content: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? coordinate(value) : escapeText(value!)}"`)
    .join('')
  return content.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${content.join('')}</${name}>`
}

export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escapeText(content))
}

export function escapeText(content: string): string {
  return content
    .replace(/[^\P{Cc}\n\t]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

export function coordinate(value: number): string {
  return String(Math.round(value * 100) / 100 + 0)
}

/** Pixels that a text takes at most in the common sans-serif faces, of which DejaVu Sans is about the widest. */
export function estimatedWidth(content: string, size: number): number {
  let ems = 0
  for (const character of content) {
    if (/[iIjl.,:;|'\s()[\]]/.test(character)) ems += 0.38
    else if (/[mwMW%@×+−=<>≤≥]/.test(character)) ems += 0.9
    else ems += 0.63
  }
  return ems * size
}

/** The text, or its beginning with an ellipsis, in at most `width` pixels. */
export function fitted(content: string, size: number, width: number): string {
  if (estimatedWidth(content, size) <= width) return content
  const characters = [...content]
  while (characters.length > 1 && estimatedWidth(`${characters.join('')}…`, size) > width) characters.pop()
  return `${characters.join('').trimEnd()}…`
}

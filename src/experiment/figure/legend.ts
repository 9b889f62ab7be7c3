import { element, estimatedWidth, fitted, text } from './svg.ts'
import { colourClass, dashOf, marker } from './theme.ts'

export interface LegendItem {
  readonly label: string
  readonly index: number
}

const SAMPLE = 30
const GAP = 18
const ROW = 19

/** Names beside a sample of line and marker, in as many rows as it takes. */
export function legend(
  items: readonly LegendItem[],
  { left, top, width }: { left: number; top: number; width: number },
): { content: string; bottom: number } {
  let x = left
  let y = top + 12
  const drawn = items.map(({ label, index }) => {
    const name = fitted(label, 12, width - SAMPLE - 6)
    const length = SAMPLE + 6 + estimatedWidth(name, 12)
    if (x > left && x + length > left + width) {
      x = left
      y += ROW
    }
    const at = x
    x += length + GAP
    return element(
      'g',
      { 'data-arm': label },
      element('path', {
        d: `M${at} ${y}h${SAMPLE}`.replaceAll(/\d+\.\d+/g, digits => Number(digits).toFixed(1)),
        class: `line ${colourClass(index)}`,
        'stroke-dasharray': dashOf(index),
      }),
      marker(index, at + SAMPLE / 2, y, 4),
      text(at + SAMPLE + 6, y + 4, name),
    )
  })
  return { content: drawn.join(''), bottom: items.length > 0 ? y + 10 : top }
}

import { element, escapeText } from './svg.ts'

/**
 * Colours of Okabe and Ito (Color Universal Design, 2008), which people with any kind of colour vision can tell apart;
 * their yellow, invisible on white, is left out, and black is white in the dark. Dash and marker tell the same again.
 */
const colours = [
  { light: '#1a1a1a', dark: '#f2f2f2' },
  { light: '#0072b2', dark: '#4aa8e0' },
  { light: '#d55e00', dark: '#f07f2c' },
  { light: '#009e73', dark: '#1fbd92' },
  { light: '#b0518a', dark: '#dd94bd' },
  { light: '#c98500', dark: '#e69f00' },
  { light: '#3d97cc', dark: '#8fd0f5' },
] as const

const dashes = ['', '7 3', '2 3', '9 3 2 3', '12 4', '5 2 1 2 1 2'] as const

type Marker = (x: number, y: number, size: number) => string

const markers: readonly Marker[] = [
  (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
  (x, y, r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
  (x, y, r) => `M${x} ${y - 1.3 * r}l${1.3 * r} ${2.3 * r}h${-2.6 * r}z`,
  (x, y, r) => `M${x} ${y - 1.4 * r}l${1.4 * r} ${1.4 * r}l${-1.4 * r} ${1.4 * r}l${-1.4 * r} ${-1.4 * r}z`,
  (x, y, r) => `M${x} ${y + 1.3 * r}l${1.3 * r} ${-2.3 * r}h${-2.6 * r}z`,
]

/** Seven colours, six dashes and five markers: no two of 210 series share all three. */
export function colourClass(index: number): string {
  return `c${index % colours.length}`
}

export function dashOf(index: number): string | undefined {
  return dashes[index % dashes.length] || undefined
}

export function marker(index: number, x: number, y: number, size: number, title = ''): string {
  const draw = markers[index % markers.length]!
  const d = draw(hundredth(x), hundredth(y), size).replaceAll(/-?\d+\.\d+/g, digits =>
    String(hundredth(Number(digits))),
  )
  const content = title ? [element('title', {}, escapeText(title))] : []
  return element('path', { d, class: `marker ${colourClass(index)}` }, ...content)
}

function hundredth(value: number): number {
  return Math.round(value * 100) / 100 + 0
}

const surfaces = {
  light: { page: '#ffffff', ink: '#1a1a1a', faint: '#5c5c5c', rule: '#8a8a8a', grid: '#e4e4e4' },
  dark: { page: '#16181c', ink: '#ececec', faint: '#a8adb5', rule: '#737982', grid: '#2e3238' },
} as const

type Shade = keyof typeof surfaces

/** The colours of figures, as rules for everything of class `figure`. */
function shadeRules(shade: Shade): string {
  const { page, ink, faint, rule, grid } = surfaces[shade]
  return [
    `.figure text{fill:${ink}}.figure .faint{fill:${faint}}.figure .page{fill:${page}}`,
    `.figure .grid{stroke:${grid}}.figure .axis,.figure .rule{stroke:${rule}}.figure .marker{stroke:${page}}`,
    ...colours.map(
      (colour, i) => `.figure .c${i}{fill:${colour[shade]}}.figure .line.c${i}{fill:none;stroke:${colour[shade]}}`,
    ),
  ].join('\n')
}

/** What every figure looks like: in an SVG file of its own, or once for a page. Paper is light. */
export const figureStyle = `.figure{font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;font-size:12px}
.figure text{font-variant-numeric:tabular-nums}.figure .title{font-size:14px;font-weight:600}
.figure .grid,.figure .axis{fill:none;stroke-width:1}.figure .rule{fill:none;stroke-dasharray:4 3}
.figure .line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}.figure .line.thin{stroke-width:1;opacity:.6}
.figure .band{stroke:none;opacity:.16}.figure .marker{stroke-width:.8}.figure .bar{stroke:none}
${shadeRules('light')}
@media screen and (prefers-color-scheme:dark){
${shadeRules('dark')}
}`

import { rampColours } from './scales.ts'

/** The graph's colours, taken from the page's style, so that light and dark are defined in one place. */
export interface Palette {
  /** Of each level, low to high. */
  readonly levels: readonly string[]
  readonly paper: string
  readonly ink: string
  readonly muted: string
  readonly ring: string
  readonly edge: string
  readonly busyEdge: string
  readonly accent: string
  readonly pulse: string
  readonly failed: string
  /** Pixels of the page's letters: the graph's grow with them. */
  readonly rem: number
}

export function readPalette(element: Element): Palette {
  // A custom property is only text; a colour that uses it comes out resolved, for light or for dark.
  const probe = document.createElement('span')
  element.append(probe)
  const colour = (name: string) => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const palette: Palette = {
    levels: rampColours([0, 1, 2, 3, 4].map(i => colour(`ramp-${i}`))),
    paper: colour('node-paper'),
    ink: colour('ink'),
    muted: colour('muted'),
    ring: colour('ring'),
    edge: colour('edge'),
    busyEdge: colour('edge-busy'),
    accent: colour('accent'),
    pulse: colour('pulse'),
    failed: colour('bad'),
    rem: Number.parseFloat(getComputedStyle(document.documentElement).fontSize),
  }
  probe.remove()
  return palette
}

import type { RunInfo } from '../../api/run.ts'
import { element } from '../element.ts'
import { percent, whole } from '../format.ts'

/** What is being looked at: the specification, with its defaults, and where the records come from. */
export function runPanel(pane: HTMLElement): (run: RunInfo | undefined) => void {
  const nothing = element('p', {}, 'The run is not known yet.')
  const content = element('div', { class: 'run' })
  pane.append(nothing, content)
  let shown = ''
  return run => {
    nothing.hidden = run !== undefined
    if (!run) return
    const { from, to, lastActive, ...steady } = run
    const next = JSON.stringify(steady)
    if (next === shown) return
    shown = next
    content.replaceChildren(...sections(run))
  }
}

function sections(run: RunInfo): HTMLElement[] {
  const about: [string, string][] = [
    ['Run', run.run ?? 'not known yet'],
    ['Mode', run.mode],
    ['Records read', percent(run.indexed)],
    ['murmur', run.version],
  ]
  const sources = run.sources.map((source): [string, string] => [
    source.name,
    [source.state, source.problem, source.damaged > 0 && `${whole(source.damaged)} damaged`].filter(Boolean).join(', '),
  ])
  const made = [section('About', about), section('Sources', sources)]
  if (run.specification === null) {
    made.push(section('Specification', [['', 'Not known yet: nobody has told it.']]))
    return made
  }
  const plain: [string, string][] = []
  for (const [key, value] of Object.entries(run.specification)) {
    if (isTable(value)) made.push(section(key, flatten(value, '')))
    else plain.push([key, words(value)])
  }
  made.splice(2, 0, section('Specification', plain))
  return made
}

function section(title: string, rows: readonly (readonly [string, string])[]): HTMLElement {
  const list = element('dl', {}, ...rows.flatMap(([key, text]) => [element('dt', {}, key), element('dd', {}, text)]))
  return element('section', {}, element('h2', {}, title), list)
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function flatten(table: Readonly<Record<string, unknown>>, prefix: string): [string, string][] {
  return Object.entries(table).flatMap(([key, value]): [string, string][] =>
    isTable(value) ? flatten(value, `${prefix}${key}.`) : [[prefix + key, words(value)]],
  )
}

function words(value: unknown): string {
  if (value === null || value === undefined) return 'none'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

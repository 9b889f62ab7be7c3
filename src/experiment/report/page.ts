import { inlineSvg } from '../figure/drawing.ts'
import { formatDuration } from '../figure/format.ts'
import { element, escapeText } from '../figure/svg.ts'
import { marker } from '../figure/theme.ts'
import { mixesAlone } from './agreement.ts'
import { agreementAcross } from './agreement-tables.ts'
import type { Analysis, GroupResult } from './analysis.ts'
import type { ArmResult } from './arm-result.ts'
import { describeConditions } from './condition-groups.ts'
import type { Figure } from './figures.ts'
import { pageScript, pageStyle } from './page-style.ts'
import type { Table } from './table.ts'
import { groupTables } from './tables.ts'

/** A figure with the path of its file. */
export type PageFigure = Figure & { readonly path: string }

export interface PageFigures {
  /** What compares the groups with each other. */
  readonly across: readonly PageFigure[]
  readonly groups: readonly { readonly result: GroupResult; readonly figures: readonly PageFigure[] }[]
}

const WIDE = 640
const NARROW = 360
/** Characters of a cell that may take several lines. */
const LONG = 28
const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

/** The report as one HTML file that asks nobody for anything. */
export function page(analysis: Analysis, { across, groups }: PageFigures): string {
  const { specification } = analysis
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    `<title>${escapeText(specification.name)}: murmur experiment</title>`,
    `<style>${pageStyle}</style>`,
    '</head>',
    '<body>',
    '<main>',
    `<p class="faint">murmur experiment</p>`,
    `<h1>${escapeText(specification.name)}</h1>`,
    specification.description ? `<p>${escapeText(specification.description)}</p>` : '',
    findings(specification.findings ?? []),
    facts(analysis),
    groups.length === 0 ? '<p>No cell has been run yet.</p>' : '',
    acrossSection(across, analysis),
    ...groups.map(({ result, figures }) => section(result, figures, analysis)),
    method(analysis),
    '</main>',
    `<script>${pageScript}</script>`,
    '</body>',
    '</html>',
    '',
  ]
    .filter((line, i, lines) => line !== '' || i === lines.length - 1)
    .join('\n')
}

function facts({ specification, records, common, groups }: Analysis): string {
  const { baseline, seeds, margin, target, arms } = specification
  const runs = groups.flatMap(group => group.arms.map(arm => arm.runs))
  const total = (pick: (runs: ArmResult['runs']) => number) => runs.reduce((sum, each) => sum + pick(each), 0)
  const counted = [
    `${records.length} of ${Math.max(
      total(each => each.planned),
      arms.length * seeds.length,
    )} done`,
    total(each => each.censored) > 0
      ? `${total(each => each.censored)} missed the target loss (kept, as censored)`
      : '',
    total(each => each.failed) > 0 ? `${total(each => each.failed)} failed` : '',
  ]
  const commits = [...new Set(records.map(({ versions }) => versions.commit ?? 'unknown'))].sort()
  const versions = [...new Set(records.map(record => record.versions.murmur))].sort()
  const wall = records.reduce((sum, record) => sum + record.summary.wallSeconds, 0)
  return element(
    'dl',
    {},
    ...[
      ['Cells', counted.filter(part => part !== '').join(', ')],
      ['Baseline', baseline],
      ['Seeds', seeds.join(', ')],
      ['Conditions', describeConditions(common)],
      ['Target loss', target === undefined ? '' : `${target} nats per token`],
      ['Margin', margin === undefined ? '' : `${margin} nats per token, declared in the specification`],
      ['Commit', commits.join(', ')],
      ['Version', versions.map(version => `murmur ${version}`).join(', ')],
      ['Computed in', records.length > 0 ? `${formatDuration(wall)}, summed over cells` : ''],
    ]
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `<dt>${name}</dt><dd>${escapeText(value!)}</dd>`),
  )
}

function acrossSection(figures: readonly PageFigure[], analysis: Analysis): string {
  const found = agreementAcross(analysis)
  if (figures.length === 0 && !found) return ''
  const title = `<h2>Across ${escapeText(analysis.varying.join(', '))}</h2>\n`
  return element('section', {}, title, found ? renderTable(found) : '', figureGrid(figures))
}

function findings(sentences: readonly string[]): string {
  return sentences.length === 0 ? '' : element('ul', {}, ...sentences.map(text => `<li>${escapeText(text)}</li>`))
}

function section(result: GroupResult, figures: readonly PageFigure[], { specification }: Analysis): string {
  return element(
    'section',
    {},
    `<h2>${escapeText(result.label || 'Results')}</h2>\n`,
    ...groupTables(result, specification).map(renderTable),
    failures(result),
    figureGrid(figures),
  )
}

function figureGrid(figures: readonly PageFigure[]): string {
  const shown = figures.map(
    ({ draw, path }) =>
      `<figure>${inlineSvg(draw(WIDE), 'wide')}${inlineSvg(draw(NARROW), 'narrow')}` +
      `<figcaption><a href="${escapeText(path)}">SVG</a></figcaption></figure>\n`,
  )
  return `<div class="figures">\n${shown.join('')}</div>`
}

function renderTable({ caption, titles, rows }: Table): string {
  const head = titles.map(title => `<th scope="col">${escapeText(title)}</th>`).join('')
  const body = rows.map(({ arm, cells }) => {
    const key = element(
      'svg',
      { class: 'figure key', viewBox: '-7 -7 14 14', 'aria-hidden': 'true' },
      marker(arm.index, 0, 0, 5),
    )
    const columns = cells.map(cell => `<td${cellClass(cell)}>${escapeText(cell)}</td>`).join('')
    return `<tr><th scope="row">${key}${escapeText(arm.name)}</th>${columns}</tr>\n`
  })
  return `<h3>${escapeText(caption)}</h3>\n<div class="scroll" tabindex="0"><table aria-label="${escapeText(caption)}"><thead><tr>${head}</tr></thead>\n<tbody>\n${body.join('')}</tbody></table></div>\n`
}

/** The word is there in any case; colour only lets the eye find it. */
function cellClass(cell: string): string {
  if (cell.length > LONG) return ' class="long"'
  if (cell.startsWith('non-inferior')) return ' class="good"'
  return cell.startsWith('inferior') ? ' class="bad"' : ''
}

function failures({ arms }: GroupResult): string {
  const failed = arms.flatMap(arm => arm.failed)
  if (failed.length === 0) return ''
  const items = failed.map(({ arm, seed, reason }) => `<li>${escapeText(`${arm}, seed ${seed}: ${reason}`)}</li>`)
  return `<details><summary>${failed.length === 1 ? 'A run' : `${failed.length} runs`} failed</summary><ul>${items.join('')}</ul></details>\n`
}

const howTrainingReads = `<p>Every arm ran with the same seeds; differences and ratios are taken seed by seed. Losses are of the model that averages the
peers, on the validation split, read between two evaluations along a straight line. Intervals in brackets are 95% intervals of the
mean by Student’s t; one seed has none. A run that never reached the target loss is kept as “more than it spent”, and what is
computed from it is a bound.</p>`

const howMixingReads = `<p>Nothing was trained. Every peer begins with a vector of normal random values; a round averages as the
arm’s topology says, exactly, except where an exchange fails. Ξ is the consensus distance, the mean of ‖xᵢ − x̄‖² over peers, and Ξ₀
what it was at the start. Peers count as agreed after the first round that leaves less than a billionth of it. “Left by a round” is the
geometric mean of what each round left until then; 0 means agreed after the first. “>”: the rounds that were made did not suffice.
Intervals are 95% intervals of the mean over seeds by Student’s t.</p>`

function method({ specification, groups }: Analysis): string {
  const { margin } = specification
  const mixing = groups.length > 0 && groups.every(mixesAlone)
  return `<h2>How to read this</h2>
${mixing ? howMixingReads : howTrainingReads}
${margin === undefined ? '' : `<p>Non-inferior: the whole interval of the difference lies below the margin of ${margin} nats, and no seed is missing. Inferior: the whole interval lies above it. Inconclusive: these seeds cannot tell.</p>`}
<p>Data: <a href="records.csv">records.csv</a> (every evaluation), <a href="summary.csv">summary.csv</a> (every arm),
<a href="cells.json">cells.json</a> (everything), <a href="specification.yaml">specification.yaml</a>.</p>
<details><summary>Specification</summary><pre>${escapeText(specification.text)}</pre></details>`
}

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from '../../core/replace-file.ts'
import { makeDirectory, storageError, syncDirectory } from '../../core/storage.ts'
import type { CellRecord } from '../cell-record.ts'
import { svgFile } from '../figure/drawing.ts'
import { type Analysis, analyse, type GroupResult } from './analysis.ts'
import { recordsCsv, summaryCsv } from './csv.ts'
import { acrossFigures, type Figure, groupFigures } from './figures.ts'
import { type PageFigure, page } from './page.ts'
import type { ReportSpecification } from './report-specification.ts'
import { summaryRows } from './tables.ts'

export interface ReportInit {
  specification: ReportSpecification
  /** Of all cells that have run, in any order. */
  records: readonly CellRecord[]
}

/** Texts by path within the report's folder: the same records give the same bytes. */
export type ReportFiles = ReadonlyMap<string, string>

const FIGURES = 'figures'
const FILE_WIDTH = 720

/**
 * Writes `report.html`, `figures/*.svg`, `records.csv`, `summary.csv`, `cells.json` and `specification.yaml`. Either all of
 * them are replaced or, if there is no room, none.
 * @returns the path of report.html
 * @throws MurmurError `STORAGE_FAILED`
 */
export async function writeReport(directory: string, init: ReportInit): Promise<string> {
  const files = [...renderReport(init)].map(([name, content]) => ({ path: join(directory, name), content }))
  const folders = [directory, join(directory, FIGURES)]
  try {
    for (const folder of folders) await makeDirectory(folder)
    await replaceAll(files)
    for (const folder of folders) await syncDirectory(folder)
  } catch (error) {
    throw storageError('write the report', directory, error)
  }
  return join(directory, 'report.html')
}

/** Every file has its new content under another name before the first of them takes its place. */
async function replaceAll([first, ...rest]: readonly { path: string; content: string }[]): Promise<void> {
  if (!first) return
  await replaceFile(first.path, async temporary => {
    await writeFile(temporary, first.content, { flush: true })
    await replaceAll(rest)
  })
}

/** The files of a report, without writing them. */
export function renderReport({ specification, records }: ReportInit): ReportFiles {
  const analysis = analyse(specification, records)
  const prefixes = filePrefixes(analysis.groups)
  const groups = analysis.groups.map(result => ({
    result,
    figures: placed(prefixes.get(result)!, groupFigures(result, specification)),
  }))
  const across = placed('across', acrossFigures(analysis))
  const figures = [...across, ...groups.flatMap(group => group.figures)]
  return new Map([
    ...figures.map(({ path, draw }): [string, string] => [path, svgFile(draw(FILE_WIDTH))]),
    ['records.csv', recordsCsv(analysis)],
    ['summary.csv', summaryCsv(analysis)],
    ['cells.json', cellsJson(analysis)],
    ['specification.yaml', specification.text],
    // Last to be written, first to be renamed: the page is never older than what it links to.
    ['report.html', page(analysis, { across, groups })],
  ])
}

function placed(prefix: string, figures: readonly Figure[]): PageFigure[] {
  return figures.map(figure => ({
    ...figure,
    path: `${FIGURES}/${[prefix, figure.id].filter(part => part !== '').join('-')}.svg`,
  }))
}

/** One for each group, even where labels differ in signs only that no file's name should have. */
function filePrefixes(groups: readonly GroupResult[]): Map<GroupResult, string> {
  const slugs = groups.map(group => slug(group.label))
  const unique = new Set(slugs).size === slugs.length
  return new Map(groups.map((group, i) => [group, unique ? slugs[i]! : `${i + 1}-${slugs[i]}`]))
}

/** One cell a line, so that two reports can be compared line by line. */
function cellsJson({ records }: Analysis): string {
  return `[\n${records.map(record => JSON.stringify(record)).join(',\n')}\n]\n`
}

/** The arms in a few columns, for a terminal. */
export function renderSummaryTable({ specification, records }: ReportInit): { titles: string[]; rows: string[][] } {
  return summaryRows(analyse(specification, records))
}

/** "churn 10%, data dirichlet(0.1)" as part of a file's name. */
function slug(label: string): string {
  return label
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
}

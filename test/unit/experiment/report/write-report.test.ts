import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { table } from '../../../../src/cli/table.ts'
import { MurmurError } from '../../../../src/core/errors.ts'
import type { CellRecord } from '../../../../src/experiment/cell-record.ts'
import {
  type ReportInit,
  renderReport,
  renderSummaryTable,
  writeReport,
} from '../../../../src/experiment/report/write-report.ts'
import {
  syntheticSpecification as specification,
  syntheticArms,
  syntheticCells,
} from '../../../support/synthetic-cells.ts'
import { malformation } from '../../../support/well-formed.ts'

const whole: ReportInit = { specification, records: syntheticCells() }

/** The run as it was after some samples, at which it had not reached its target. */
function failed(record: CellRecord, samples = 0): CellRecord {
  return {
    ...record,
    status: 'failed',
    reason: 'the <peers> & "I" were lost',
    samples: record.samples.slice(0, samples),
    summary: { ...record.summary, target: { loss: 2.2 } },
  }
}

/** What reports must survive. */
const strange: Readonly<Record<string, ReportInit>> = {
  whole,
  'no records': { specification, records: [] },
  'one seed': { specification: { ...specification, seeds: [1] }, records: syntheticCells({ seeds: [1] }) },
  'one arm': {
    specification: { ...specification, arms: ['all-reduce'] },
    records: syntheticCells({ arms: syntheticArms.slice(0, 1) }),
  },
  'no baseline': { specification, records: whole.records.filter(record => record.arm !== 'all-reduce') },
  'an arm that failed in all seeds': {
    specification,
    records: whole.records.map(record => (record.arm === 'gossip' ? failed(record, record.seed * 2) : record)),
  },
  'all failed at once': { specification, records: whole.records.map(record => failed(record)) },
  'one sample': {
    specification,
    records: whole.records.map(record => ({ ...record, samples: record.samples.slice(0, 1) })),
  },
  'no target and no margin': {
    specification: { ...specification, margin: undefined, target: undefined },
    records: whole.records.map(record => ({
      ...record,
      status: 'finished',
      summary: { ...record.summary, target: undefined },
    })),
  },
  'a target that nobody reaches': {
    specification: { ...specification, target: 0.1 },
    records: syntheticCells({ target: 0.1 }),
  },
  'losses that are not finite': {
    specification,
    records: whole.records.map(record => ({
      ...record,
      samples: record.samples.map((sample, i) => ({
        ...sample,
        lossMean: i > 3 && record.seed < 3 ? Number.NaN : sample.lossMean,
      })),
    })),
  },
  'many conditions': {
    specification,
    records: ['0%', '10%', '30%'].flatMap(churn => syntheticCells({ conditions: { churn } })),
  },
  'names with signs': {
    specification: { ...specification, name: '<b>&"', arms: ['<b>&"'], baseline: '<b>&"', text: '# <b>&"\n' },
    records: syntheticCells({ arms: [{ ...syntheticArms[0]!, name: '<b>&"' }], conditions: { '<i>': '&' } }),
  },
}

/** With what is around it: a whole report is too much for a message. */
function found(text: string, pattern: RegExp): string {
  const at = text.search(pattern)
  return at < 0 ? '' : text.slice(Math.max(0, at - 60), at + 60)
}

for (const [name, init] of Object.entries(strange)) {
  test(`${name}: well-formed, without a number that is none, and nothing from elsewhere`, t => {
    for (const [path, text] of renderReport(init)) {
      if (/\.(svg|html)$/.test(path)) {
        t.is(malformation(text), undefined, path)
        const shown = text.replace(/<script>.*<\/script>/s, '').replaceAll('http://www.w3.org/2000/svg', '')
        t.is(found(shown, /NaN|Infinity|undefined|\[object/), '', path)
        t.is(found(shown, /https?:|\/\/[a-z]|\bsrc=|url\(|@import/), '', path)
      }
      if (path.endsWith('.csv')) t.is(found(text, /NaN|Infinity|undefined/), '', path)
    }
  })

  test(`${name}: rows for a terminal`, t => {
    const { titles, rows } = renderSummaryTable(init)
    for (const row of rows) t.is(row.length, titles.length)
    t.is(found(table(titles, rows).join('\n'), /NaN|Infinity|undefined/), '')
  })
}

test('the report has every figure, and what it links to is there', t => {
  const files = renderReport(whole)
  const figures = ['loss-tokens', 'loss-time', 'loss-bytes', 'consensus-distance', 'staleness', 'idle-share']
  const comparisons = [
    'equal-tokens',
    'equal-time',
    'equal-bytes',
    'time-to-target',
    'bytes-to-target',
    'bytes-for-tokens',
  ]
  for (const id of [...figures, ...comparisons]) t.true(files.has(`figures/${id}.svg`), id)
  const html = files.get('report.html')!
  for (const [, link] of html.matchAll(/href="([^"]+)"/g)) t.true(files.has(link!), link)
  for (const svg of [...files.keys()].filter(path => path.endsWith('.svg'))) t.true(html.includes(`href="${svg}"`), svg)
})

test('what is not finite is said to be so', t => {
  const some = renderReport(strange['losses that are not finite']!).get('report.html')!
  t.regex(some, /<td[^>]*>[\d.]+ \[[\d., ]+\] \(3 of 5 finite\)<\/td>/)
  const records = whole.records.map(record => {
    if (record.arm !== 'gossip') return record
    return { ...record, samples: record.samples.map(sample => ({ ...sample, lossMean: Number.NaN })) }
  })
  const files = renderReport({ specification, records })
  t.true(files.get('report.html')!.includes('>not finite</td>'))
  t.true(files.get('figures/loss-tokens.svg')!.includes('Nothing finite to draw: gossip.'))
  t.true(files.get('figures/loss-bytes.svg')!.includes('Zero throughout, so not on a logarithmic axis: no'))
})

test('a figure without anything to show is left out', t => {
  const paths = [...renderReport(strange['all failed at once']!).keys()]
  t.deepEqual(
    paths.filter(path => path.endsWith('.svg')),
    [],
  )
  const noTarget = [...renderReport(strange['no target and no margin']!).keys()]
  t.deepEqual(
    noTarget.filter(path => path.includes('to-target')),
    [],
  )
})

test('the report tells seeds, commit, conditions and what went wrong', t => {
  const html = renderReport(strange['an arm that failed in all seeds']!).get('report.html')!
  t.true(html.includes('<dd>1, 2, 3, 4, 5</dd>'))
  t.true(html.includes('<dd>0123456789abcdef0123456789abcdef01234567</dd>'))
  t.true(html.includes('<dd>churn 10%, data iid, peers 8</dd>'))
  t.true(html.includes('0 of 5 (5 failed)'))
  t.true(html.includes('gossip, seed 3: the &lt;peers&gt; &amp; &quot;I&quot; were lost'))
  t.true(html.includes('5 (5 missed the target)'))
  t.regex(html, /<td>&gt; [\d.]+ min<\/td>/)
  t.true(html.includes('margin: 0.01\n'))
})

test('the same records give the same bytes, whatever their order', t => {
  const { seeds } = specification
  const shuffled = seeds.flatMap(seed => whole.records.toReversed().filter(record => record.seed === seed))
  t.deepEqual([...renderReport({ specification, records: shuffled })], [...renderReport(whole)])
})

test('conditions that differ only in signs have files of their own', t => {
  const records = ['a+b', 'a-b'].flatMap(links => syntheticCells({ conditions: { links } }))
  const files = [...renderReport({ specification, records }).keys()].filter(path => path.endsWith('loss-tokens.svg'))
  t.is(files.length, 2)
})

test('every sample is a row of records.csv, and cells.json holds everything', t => {
  const files = renderReport(whole)
  const [titles, ...rows] = files.get('records.csv')!.trimEnd().split('\n')
  t.is(
    rows.length,
    whole.records.reduce((sum, record) => sum + record.samples.length, 0),
  )
  t.is(
    titles,
    'experiment,arm,seed,churn,data,peers,status,reason,sample,tokens,time,bytes,lossMean,lossOfPeersMean,lossOfWorstPeer,consensusDistance,relativeConsensusDistance',
  )
  t.deepEqual(JSON.parse(files.get('cells.json')!), JSON.parse(JSON.stringify(whole.records)))
  t.is(files.get('summary.csv')!.trimEnd().split('\n').length, 1 + syntheticArms.length)
})

test('a comma, a quote or a newline does not break a row', t => {
  const records = [failed(whole.records[0]!)].map(record => ({ ...record, reason: 'a, "b"\nc' }))
  t.true(renderReport({ specification, records }).get('records.csv')!.includes(',"a, ""b""\nc",'))
})

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'murmur-report-'))
  t.teardown(() => rm(path, { recursive: true, force: true }))
  return path
}

test('a report is written whole, over an older one too', async t => {
  const directory = join(await folder(t), 'a', 'b')
  await writeReport(directory, strange['one seed']!)
  t.is(await writeReport(directory, whole), join(directory, 'report.html'))
  for (const [path, text] of renderReport(whole)) t.is(await readFile(join(directory, path), 'utf8'), text, path)
  t.deepEqual(
    (await readdir(directory, { recursive: true })).filter(name => name.endsWith('.tmp')),
    [],
  )
})

const full = existsSync('/dev/full') ? test : test.skip

full('a full disk leaves the older report as it was', async t => {
  const directory = await folder(t)
  const before = strange['one seed']!
  await writeReport(directory, before)
  await symlink('/dev/full', join(directory, 'report.html.tmp'))
  const error = await t.throwsAsync(writeReport(directory, whole), {
    instanceOf: MurmurError,
    message: /the disk is full/,
  })
  t.is(error?.code, 'STORAGE_FAILED')
  for (const [path, text] of renderReport(before)) t.is(await readFile(join(directory, path), 'utf8'), text, path)
  t.deepEqual(
    (await readdir(directory, { recursive: true })).filter(name => name.endsWith('.tmp')),
    [],
  )
})

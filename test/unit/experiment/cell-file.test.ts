import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { MurmurError } from '../../../src/core/errors.ts'
import { readCellRecord, writeCellRecord } from '../../../src/experiment/cell-file.ts'
import type { CellRecord } from '../../../src/experiment/cell-record.ts'
import { syntheticCells } from '../../support/synthetic-cells.ts'

const [cell] = syntheticCells({ seeds: [1] }) as [CellRecord]

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'murmur-cell-'))
  t.teardown(() => rm(path, { recursive: true, force: true }))
  return path
}

test('a record comes back as it was written', async t => {
  const path = join(await folder(t), 'cell.json')
  const diverged = { ...cell.samples.at(-1)!, lossMean: Number.NaN }
  const record: CellRecord = {
    ...cell,
    status: 'failed',
    reason: 'not finite',
    samples: [...cell.samples, diverged],
    versions: { murmur: '0.1.0' },
  }
  await writeCellRecord(path, record)
  t.deepEqual(await readCellRecord(path), record)
})

test('a damaged record is named with the place', async t => {
  const path = join(await folder(t), 'cell.json')
  const whole = JSON.stringify(cell)
  const broken: [text: string, message: RegExp][] = [
    [whole.slice(0, 300), /cell\.json: not JSON/],
    ['', /cell\.json: not JSON/],
    [JSON.stringify({ ...cell, seed: 'one' }), /cell\.json: seed: /],
    [JSON.stringify({ ...cell, format: 2 }), /cell\.json: format: /],
    [JSON.stringify({ ...cell, status: 'failed' }), /reason: a failed cell needs a reason/],
    [JSON.stringify({ ...cell, status: 'censored' }), /status: only a cell that missed its target loss is censored/],
    [JSON.stringify({ ...cell, samples: [] }), /samples: a finished cell needs at least one sample/],
    [JSON.stringify({ ...cell, samples: cell.samples.toReversed() }), /samples\.1\.tokens: falls from \d+ to \d+/],
    [
      JSON.stringify({ ...cell, summary: { ...cell.summary, target: { loss: 1 } } }),
      /status: a cell that missed its target loss is censored, not finished/,
    ],
  ]
  for (const [text, message] of broken) {
    await writeFile(path, text)
    const error = await t.throwsAsync(readCellRecord(path), { instanceOf: MurmurError, message }, text.slice(0, 80))
    t.is(error?.code, 'RECORD_INVALID')
  }
})

test('a record that is not there, or has nowhere to go, is a failure of storage', async t => {
  const path = join(await folder(t), 'none', 'cell.json')
  for (const attempt of [readCellRecord(path), writeCellRecord(path, cell)]) {
    const error = await t.throwsAsync(attempt, { instanceOf: MurmurError })
    t.is(error?.code, 'STORAGE_FAILED')
  }
  t.deepEqual(await readdir(join(path, '..', '..')), [])
})

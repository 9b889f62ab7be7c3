import test from 'ava'
import { renderStatus } from '../../../../src/cli/dashboard/render-status.ts'
import { plainPaint } from '../../../../src/cli/paint.ts'
import { textWidth } from '../../../../src/cli/progress/line.ts'
import { systemClock } from '../../../../src/core/clock.ts'
import { heardSource } from '../../../../src/dashboard/sources/heard-source.ts'
import { runView } from '../../../../src/dashboard/view/run-view.ts'
import { merged, swarmEvents } from '../../../support/swarm-events.ts'

function rendered(peers: number, columns: number, rows = 100): string[] {
  const source = heardSource({ clock: systemClock }, { kind: 'local', name: 'a run' })
  if (peers > 0) for (const event of merged(swarmEvents(`status-${peers}`, { peers, steps: 60 }))) source.write(event)
  source.end()
  const view = runView({ clock: systemClock, source }, { version: 'test' })
  return renderStatus(view.info(), view.state(), source.timeline.curves(), { columns, rows, paint: plainPaint })
}

test('a swarm on a terminal of any size stays within it, the most important first', t => {
  for (const columns of [12, 20, 40, 80, 200]) {
    for (const rows of [3, 10, 100]) {
      const lines = rendered(5, columns, rows)
      t.true(lines.length < rows)
      t.true(
        lines.every(line => textWidth(line) <= columns),
        `${columns}`,
      )
      t.regex(lines[0]!, /^a run/)
    }
  }
})

test('it shows the peers, the curves and who exchanged with whom', t => {
  const lines = rendered(3, 120)
  for (const start of ['loss ', 'consensus', 'exchanges ', 'peer ']) {
    t.true(
      lines.some(line => line.startsWith(start)),
      start,
    )
  }
  const matrix = lines.slice(lines.findLastIndex(line => line.startsWith('exchanges')))
  t.is(matrix.length, 4)
  const counts = matrix.slice(1).map(line =>
    line
      .trim()
      .split(/\s+/)
      .slice(1)
      .map(cell => Number.parseInt(cell, 10)),
  )
  t.is(counts[0]![0], counts[1]![0]) // symmetric
  t.regex(lines.join('\n'), /1 departed/)
})

test('a run of which nothing is known, and one peer alone, read well', t => {
  t.deepEqual(rendered(0, 80).length, 1)
  t.regex(rendered(0, 80)[0]!, /nobody was heard yet/)
  const alone = rendered(1, 80)
  t.false(alone.some(line => line.startsWith('exchanges')))
  t.false(alone.join('\n').includes('NaN'))
})

test('what is only partly read, and what can no longer be read, is said', t => {
  const source = heardSource({ clock: systemClock }, { kind: 'local', name: 'a run' })
  const view = runView({ clock: systemClock, source }, { version: 'test' })
  const reading = { ...view.info(), indexed: 0.42 }
  const sources = reading.sources.map(each => ({
    ...each,
    state: 'failed' as const,
    problem: 'the disk\u001b[2J is gone',
  }))
  const lines = renderStatus({ ...reading, sources }, view.state(), source.timeline.curves(), {
    columns: 80,
    rows: 24,
    paint: plainPaint,
  })
  t.regex(lines[0]!, /42% of the records read/)
  t.is(lines[1], 'FAILED   a run: the disk is gone')
})

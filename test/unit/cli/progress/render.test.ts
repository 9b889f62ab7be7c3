import { stripVTControlCharacters } from 'node:util'
import test from 'ava'
import { colorPaint, type Paint, paintFor, plainPaint } from '../../../../src/cli/paint.ts'
import { sparkline } from '../../../../src/cli/progress/chart.ts'
import { pad, textWidth, truncate } from '../../../../src/cli/progress/line.ts'
import { renderPeer } from '../../../../src/cli/progress/render-peer.ts'
import { renderMoment, renderPlain } from '../../../../src/cli/progress/render-plain.ts'
import { renderSwarm } from '../../../../src/cli/progress/render-swarm.ts'
import type { Recorded } from '../../../../src/core/telemetry.ts'
import { type PeerSummary, summarize } from '../../../../src/peer/records/summary.ts'
import { exchangeEvent, steps } from '../../peer/records/events.ts'

const ESCAPE = '\u001b'
const time = 1_700_000_000_000

/** Everything a peer can show, with the longest and the wildest values. */
function busyPeer(by: string): PeerSummary {
  const events: Recorded[] = [
    ...steps(300, { by, wallMs: 50_000 }),
    exchangeEvent({ by, bytesSent: 123_456_789, bytesReceived: 987_654_321 }),
    ...(['busy', 'unreachable', 'timed-out', 'broken', 'no-partner'] as const).map(outcome =>
      exchangeEvent({ by, outcome, staleness: 12_345 }),
    ),
    { type: 'membership', change: 'joined', peer: 'x', live: 123, time, by },
    { type: 'evaluation', step: 0, loss: 5.5, tokens: 4096, time, by },
    { type: 'evaluation', step: 100, loss: 2.5, tokens: 4096, time, by },
    { type: 'state', state: 'lingering', detail: `模型 训练 👍 ${'long '.repeat(40)}${ESCAPE}[2J\n\r\tx`, time, by },
    { type: 'warning', reason: 'r', message: `bad ${ESCAPE}]0;title\u0007 ${'word '.repeat(50)}`, time, by },
  ]
  return events.reduce<PeerSummary | undefined>(summarize, undefined)!
}

const freshPeer = summarize(undefined, { type: 'state', state: 'connecting', time, by: 'peer-new' })
const peers = [busyPeer('12D3KooWaaaaaaaaaaaaaaaaaaaaaa'), freshPeer, busyPeer('猫猫猫猫猫猫猫猫猫')]

function renderAll(columns: number, rows: number, paint: Paint): string[][] {
  const totals = [undefined, 600, 1_000_000_000]
  return totals.flatMap(totalSteps => [
    ...peers.map(peer => renderPeer(peer, { columns, rows, paint, totalSteps })),
    renderSwarm(peers, { columns, rows, paint, totalSteps }),
    renderSwarm([], { columns, rows, paint, totalSteps }),
  ])
}

test('nothing rendered is wider or higher than the terminal, at any size', t => {
  for (const columns of [1, 2, 5, 11, 20, 33, 40, 79, 80, 81, 120, 200]) {
    for (const rows of [1, 2, 3, 5, 24]) {
      for (const lines of renderAll(columns, rows, colorPaint)) {
        t.true(lines.length <= Math.max(1, rows - 1), `${lines.length} lines in ${rows} rows`)
        for (const line of lines) {
          const text = stripVTControlCharacters(line)
          t.true(textWidth(text) <= columns, `${textWidth(text)} columns in ${columns}: ${text}`)
          t.notRegex(text, /\p{Cc}/u)
        }
      }
    }
  }
})

test('text is measured in columns and cut with an ellipsis', t => {
  for (const [text, width] of [
    ['abc', 3],
    ['模型', 4],
    ['👍', 2],
    ['e\u0301', 1],
    ['', 0],
    ['▇━', 2],
  ] as const) {
    t.is(textWidth(text), width, text)
  }
  t.is(truncate('模型训练', 8), '模型训练')
  t.is(truncate('模型训练', 6), '模型…')
  t.is(truncate('abcdef', 3), 'ab…')
  t.deepEqual([pad('ab', 4), pad('ab', -4), pad('abcdef', -4)], ['ab  ', '  ab', 'abc…'])
})

test('without colours there is no escape sequence', t => {
  for (const lines of renderAll(80, 24, plainPaint)) t.false(lines.join('').includes(ESCAPE))
  t.true(renderAll(80, 24, colorPaint).flat().join('').includes(ESCAPE))
  const terminal = { isTTY: true, hasColors: () => true }
  t.is(paintFor(terminal, { NO_COLOR: '1' }), plainPaint)
  t.is(paintFor({ ...terminal, isTTY: false }, {}), plainPaint)
  t.is(paintFor(terminal, {}), colorPaint)
})

test('one peer at 80 columns', t => {
  const events = [...steps(200), exchangeEvent(), exchangeEvent(), exchangeEvent({ outcome: 'busy' })]
  const more: Recorded[] = [
    { type: 'state', state: 'training', time, by: 'peer-a' },
    { type: 'membership', change: 'joined', peer: 'peer-b', live: 4, time, by: 'peer-a' },
    { type: 'evaluation', step: 0, loss: 5.5, tokens: 4096, time, by: 'peer-a' },
    { type: 'evaluation', step: 100, loss: 2.5, tokens: 4096, time, by: 'peer-a' },
  ]
  const state = [...events, ...more].reduce<PeerSummary | undefined>(summarize, undefined)!
  const lines = renderPeer(state, { columns: 80, rows: 24, paint: plainPaint, totalSteps: 600 })
  t.deepEqual(lines, [
    'training  ━━━━━━━━━━━━━───────────────────────────  200/600 steps  20s left',
    'loss      0.7443  validation 2.5000  from 5.5000  █▇▇▆▆▅▅▄▄▄▃▃▃▃▂▂▂▂▂▁▁▁▁▁',
    'speed     10.2k tokens/s  training 80% of the time  102k tokens',
    'peers     4 live  2/3 exchanges  1 busy  staleness 3/3/3',
    'traffic   3 kB sent  2.7 kB received',
  ])
  t.is(
    renderPlain(state, 600),
    'step 200/600  loss 0.7443  validation 2.5000  10.2k tokens/s  4 live  exchanges 2/3 (1 busy)  staleness 3/3/3  sent 3 kB  20s left',
  )
})

test('a swarm has a row for each peer, and says how many there was no room for', t => {
  const many = Array.from({ length: 10 }, (_, i) => busyPeer(`peer-${i}`))
  const options = { columns: 80, paint: plainPaint, totalSteps: 600 }
  const all = renderSwarm(many, { ...options, rows: 24 })
  for (let i = 0; i < 10; i++) t.true(all.some(line => line.startsWith(`peer-${i}`)))
  const some = renderSwarm(many, { ...options, rows: 8 })
  t.is(some.length, 7)
  t.is(some.at(-1), '… and 7 more peers')
  const named = renderSwarm(many, { ...options, rows: 24, name: peer => peer.toUpperCase() })
  t.true(named.some(line => line.startsWith('PEER-3')))
})

test('only what is worth a line of its own gets one, without control characters', t => {
  t.is(renderMoment(steps(1)[0]!), undefined)
  t.is(renderMoment(exchangeEvent()), undefined)
  t.is(
    renderMoment({ type: 'membership', change: 'lost', peer: 'peer-b', live: 3, time, by: 'peer-a' }),
    'peer-b lost, 3 live',
  )
  t.is(renderMoment({ type: 'warning', reason: 'r', message: `a${ESCAPE}[31m\nb`, time, by: 'peer-a' }), 'warning: a b')
})

test('a sparkline spans its values and is as wide as asked for', t => {
  t.is(sparkline([1, 2, 3, 4, 5, 6, 7, 8], 8), '▁▂▃▄▅▆▇█')
  t.is(sparkline([1, 1, 3, 3], 2), '▁█')
  t.is(sparkline([2, 2], 8), '▁▁')
  t.is(sparkline([], 8), '')
  t.is(sparkline([Number.NaN, 1], 8), '▁')
  t.is(sparkline(Array.from({ length: 101 }, Math.random), 10).length, 10)
})

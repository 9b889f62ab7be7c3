import test from 'ava'
import {
  formatBytes,
  formatCount,
  formatDifference,
  formatDuration,
  formatInterval,
  formatPercent,
  formatScientific,
  formatTimes,
} from '../../../../src/experiment/figure/format.ts'

test('numbers as people write them', t => {
  t.deepEqual([0, 950, 999.6, 12_345, 4.56e6, 7.2e13].map(formatCount), ['0', '950', '1k', '12.3k', '4.56M', '72T'])
  t.deepEqual([0, 850, 1.234e6].map(formatBytes), ['0 B', '850 B', '1.23 MB'])
  t.deepEqual([0, 12.34, 600, 9e4, 1e6].map(formatDuration), ['0 s', '12.3 s', '10 min', '25 h', '11.6 d'])
  t.deepEqual([0.002, -0.002, 0, -0.00001].map(formatDifference), ['+0.0020', '−0.0020', '0.0000', '0.0000'])
  t.deepEqual([0, 0.5, 3.21e-5, 1.2e6].map(formatScientific), ['0', '0.5', '3.2e−5', '1.2e6'])
  t.deepEqual([0.979, 3.2, 175.3, 12_345].map(formatTimes), ['0.979×', '3.20×', '175×', '12.3k×'])
  t.is(formatPercent(0.1234), '12.3%')
  t.is(formatInterval({ low: -0.5, high: 1 }, formatDifference), '[−0.5000, +1.0000]')
})

test('what is not known is a dash', t => {
  for (const format of [
    formatCount,
    formatBytes,
    formatDuration,
    formatDifference,
    formatPercent,
    formatScientific,
    formatTimes,
  ])
    t.is(format(Number.NaN).replace('×', ''), '–')
  t.is(formatInterval(undefined, formatCount), '')
})

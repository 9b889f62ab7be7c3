import test from 'ava'
import { integer, number } from '../../../src/cli/arguments.ts'

test('integers and numbers within their bounds, and nothing else', t => {
  t.is(integer(1)('12'), 12)
  t.is(number(0)('0.5'), 0.5)
  for (const text of ['0', '-1', '1.5', 'x', '', ' ', '1e400', 'NaN', '99999999999999999999']) {
    t.throws(() => integer(1)(text), { message: 'Expected an integer >= 1.' })
  }
  for (const text of ['-0.1', 'x', '', 'Infinity']) {
    t.throws(() => number(0)(text), { message: 'Expected a number >= 0.' })
  }
  t.throws(() => integer(1, 64)('65'), { message: 'Expected an integer >= 1 and <= 64.' })
  t.throws(() => number(0, 1)('1.1'), { message: 'Expected a number >= 0 and <= 1.' })
})

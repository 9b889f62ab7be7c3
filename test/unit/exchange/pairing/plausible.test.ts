import test from 'ava'
import { requirePlausible } from '../../../../src/exchange/pairing/plausible.ts'

test('models of a run are near each other; what is ten times as far as our own size is refused', t => {
  t.notThrows(() => requirePlausible('p', 1.4, 1))
  t.notThrows(() => requirePlausible('p', 9.9, 1))
  t.throws(() => requirePlausible('p', 10.1, 1), { code: 'MESSAGE_INVALID' })
  t.throws(() => requirePlausible('p', 1e37, 0.02), { code: 'MESSAGE_INVALID' })
  t.throws(() => requirePlausible('p', Number.NaN, 1), { code: 'MESSAGE_INVALID' })
})

test('parameters that are still all zero have no size to compare with', t => {
  t.notThrows(() => requirePlausible('p', 5, 0))
})

import test from 'ava'
import { formatLink, type LinkState, parseLink } from '../../../../src/dashboard/page/link-state.ts'

const usual: LinkState = { at: undefined, selection: undefined, colourBy: 'loss', search: '' }

test('a link comes back as it went out', t => {
  const states: LinkState[] = [
    usual,
    { ...usual, at: 1_767_268_800_123 },
    { ...usual, selection: { kind: 'peer', id: 'peer #1 & more' } },
    { ...usual, selection: { kind: 'connection', a: 'x', b: 'y' }, colourBy: 'disagreement', search: 'cpu ü' },
  ]
  for (const state of states) t.deepEqual(parseLink(formatLink(state)), state)
  t.is(formatLink(usual), '')
})

test('what a link does not say or says wrongly is as usual', t => {
  for (const hash of [
    '',
    '#',
    '#at=soon',
    '#at=-1',
    '#at=Infinity',
    '#colour=constructor',
    '#between=a',
    '#between=a&between=a',
    '#peer=',
  ]) {
    t.deepEqual(parseLink(hash), usual, hash)
  }
  t.is(parseLink(`#search=${'x'.repeat(1000)}`).search.length, 256)
})

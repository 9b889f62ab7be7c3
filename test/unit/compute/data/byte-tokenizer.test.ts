import test from 'ava'
import { byteTokenizer } from '../../../../src/compute/data/byte-tokenizer.ts'

const texts = ['', 'plain', 'naïve — “quoted”', '𝄞 clef and 👩‍🚀', '\u0000\n\r\t']

test('text survives, in whole and token by token', t => {
  for (const text of texts) {
    const tokens = byteTokenizer.encode(text)
    t.true(tokens.every(token => token >= 0 && token < byteTokenizer.vocabulary))
    t.is(byteTokenizer.decode(tokens), text)
    const decoder = byteTokenizer.decoder()
    t.is([...tokens].map(token => decoder.push(token)).join('') + decoder.end(), text)
  }
})

test('a character is given out when its last token is there, and never half', t => {
  const decoder = byteTokenizer.decoder()
  t.deepEqual(
    [...byteTokenizer.encode('é€')].map(token => decoder.push(token)),
    ['', 'é', '', '', '€'],
  )
})

test('what is not UTF-8 becomes the replacement character', t => {
  t.is(byteTokenizer.decode([0x41, 0xff, 0x42]), 'A\ufffdB')
  const decoder = byteTokenizer.decoder()
  t.is(decoder.push(0xe2) + decoder.end(), '\ufffd')
})

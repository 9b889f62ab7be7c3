import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import {
  identifyTokenizerFile,
  LARGEST_TOKENIZER,
  openTokenizer,
  type TokenizerConfig,
  tokenizerJson,
} from '../../../../src/compute/data/open-tokenizer.ts'
import { strangeText } from '../../../support/strange-text.ts'
import { metaspaceTokenizerJson, tinyTokenizerJson } from '../../../support/tiny-tokenizer.ts'

function file(t: ExecutionContext, content: string | object): TokenizerConfig & { kind: 'file' } {
  const folder = mkdtempSync(join(tmpdir(), 'murmur-tokenizer-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'tokenizer.json')
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  writeFileSync(path, text)
  return { kind: 'file', file: path, sha256: createHash('sha256').update(text).digest('hex') }
}

const texts = [
  'plain words',
  ' the neighbours  of\n\n the birds\t',
  'naïve — “quoted” 日本語',
  '𝄞 clef and 👩‍🚀',
  '\u0000\n\r\t',
  "don't 1234",
]

const kinds: Record<string, (t: ExecutionContext) => TokenizerConfig> = {
  bytes: () => ({ kind: 'bytes' }),
  gpt2: () => ({ kind: 'gpt2' }),
  'a byte-level tokenizer.json': t => file(t, tinyTokenizerJson()),
}

for (const [name, config] of Object.entries(kinds)) {
  test(`${name}: text survives, in whole and token by token, and its bytes are counted`, async t => {
    const tokenizer = await openTokenizer(config(t), '/')
    for (const text of [...texts, '']) {
      const tokens = tokenizer.encode(text)
      t.true(tokens.every(token => Number.isInteger(token) && token >= 0 && token < tokenizer.vocabulary))
      t.is(tokenizer.decode(tokens), text)
      t.is(tokenizer.byteLength(tokens), Buffer.byteLength(text))
      const decoder = tokenizer.decoder()
      const pieces = [...tokens].map(token => decoder.push(token))
      t.is(pieces.join('') + decoder.end(), text)
      t.true(pieces.every(piece => !piece.includes('\ufffd') && piece.isWellFormed()))
    }
  })
}

test('the GPT-2 encoding gives the known tokens', async t => {
  const { encode, vocabulary } = await openTokenizer({ kind: 'gpt2' }, '/')
  t.is(vocabulary, 50_257)
  t.deepEqual([...encode('Hello world')], [15_496, 995])
  t.deepEqual([...encode('one<|endoftext|>two<|endoftext|>')], [505, 50_256, 11_545, 50_256])
})

test('GPT-2 as a tokenizer.json gives the same tokens by the other package', async t => {
  const json = Buffer.from(await tokenizerJson({ kind: 'gpt2' }, '/')).toString()
  const [own, other] = [await openTokenizer({ kind: 'gpt2' }, '/'), await openTokenizer(file(t, json), '/')]
  t.is(other.vocabulary, own.vocabulary)
  for (const text of [...texts, 'The quick <|endoftext|><|endoftext|> brown fox <|endoftext|>', strangeText(50_000)]) {
    t.deepEqual([...other.encode(text)], [...own.encode(text)])
  }
})

test('bytes as a tokenizer.json are bytes', async t => {
  const json = Buffer.from(await tokenizerJson({ kind: 'bytes' }, '/')).toString()
  const tokenizer = await openTokenizer(file(t, json), '/')
  t.is(tokenizer.vocabulary, 256)
  for (const text of texts) t.deepEqual([...tokenizer.encode(text)], [...new TextEncoder().encode(text)])
})

test('merges and special tokens of a tokenizer.json count', async t => {
  const { encode, vocabulary, id } = await openTokenizer(file(t, tinyTokenizerJson()), '/')
  t.is(vocabulary, 256 + 17 + 1)
  t.regex(id, /^sha256:[0-9a-f]{64}$/)
  t.deepEqual([...encode('the<|end|>!')], [257, 273, 33])
})

test('a decoder that looks at neighbours shows no half characters and loses none', async t => {
  const tokenizer = await openTokenizer(file(t, metaspaceTokenizerJson()), '/')
  for (const text of ['the bird', 'the é 𝄞 bird']) {
    const tokens = tokenizer.encode(text)
    t.is(tokenizer.decode(tokens), text)
    t.is(tokenizer.byteLength(tokens), Buffer.byteLength(text))
    const decoder = tokenizer.decoder()
    const pieces = [...tokens].map(token => decoder.push(token))
    t.is(pieces.join('') + decoder.end(), text)
    t.true(pieces.every(piece => !piece.includes('\ufffd')))
  }
  const halves = tokenizer.encode('𝄞').slice(0, 3)
  const decoder = tokenizer.decoder()
  t.is(
    [...halves]
      .map(token => decoder.push(token))
      .join('')
      .trim(),
    '',
  )
  t.true(decoder.end().includes('\ufffd'))
})

test('a file that is missing, no JSON, no tokenizer or another one is one clear line', async t => {
  const refused = async (config: TokenizerConfig, message: RegExp) => {
    await t.throwsAsync(openTokenizer(config, '/'), { code: 'TOKENIZER_INVALID', message })
  }
  await refused({ kind: 'file', file: 'nowhere.json', sha256: '' }, /^The tokenizer \/nowhere\.json .*no such file$/)
  await refused({ kind: 'file', file: '/dev/zero', sha256: '' }, /^The tokenizer \/dev\/zero .*it is no file$/)
  await refused(file(t, '{"model": '), /expected a Hugging Face tokenizer\.json: .*JSON/)
  await refused(file(t, '{}'), /expected a Hugging Face tokenizer\.json/)
  await refused(file(t, '[1]'), /expected a Hugging Face tokenizer\.json/)
  await refused(file(t, 'null'), /expected a Hugging Face tokenizer\.json/)
  const good = file(t, tinyTokenizerJson())
  await refused(
    { ...good, sha256: 'ab'.repeat(32) },
    /not the one of this run: expected SHA-256 abab.*, found [0-9a-f]{64}$/,
  )
  await refused({ ...good, sha256: '' }, /not the one of this run/)
  await t.notThrowsAsync(openTokenizer(good, '/'))
})

test('a file is identified if it is a tokenizer that can be handed over', async t => {
  const good = file(t, tinyTokenizerJson())
  t.is(await identifyTokenizerFile(good.file, '/'), good.sha256)
  const refused = async (path: string, message: RegExp) => {
    await t.throwsAsync(identifyTokenizerFile(path, '/'), { code: 'TOKENIZER_INVALID', message })
  }
  await refused(file(t, '{}').file, /expected a Hugging Face tokenizer\.json/)
  truncateSync(good.file, LARGEST_TOKENIZER + 1)
  await refused(good.file, /^The tokenizer .*: expected at most 67108864 bytes, found 67108865$/)
  await refused('nowhere.json', /no such file$/)
})

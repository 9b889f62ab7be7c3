import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { corpus } from '../../../../src/compute/data/corpus.ts'
import { openTokenizer } from '../../../../src/compute/data/open-tokenizer.ts'
import { type TextChunk, textChunks } from '../../../../src/compute/data/text-chunks.ts'
import { strangeText } from '../../../support/strange-text.ts'

/** The pieces of the second of two documents. */
function chunksOf(t: ExecutionContext, content: string | Uint8Array): TextChunk[] {
  const folder = mkdtempSync(join(tmpdir(), 'murmur-chunks-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const bytes = Buffer.from(content as string)
  const documents = [Buffer.from('before'), bytes].map((part, i) => {
    const path = join(folder, `${i}`)
    writeFileSync(path, part)
    return { path, name: `${i}`, bytes: part.length }
  })
  const text = corpus(documents)
  const chunks = [...textChunks(text, 6, bytes.length)]
  text.close()
  t.is(
    chunks.reduce((sum, chunk) => sum + chunk.bytes, 0),
    bytes.length,
  )
  return chunks
}

test('pieces are the whole text, and give the tokens of the whole', async t => {
  const text = strangeText(1_500_000)
  const chunks = chunksOf(t, text)
  t.true(chunks.length > 20)
  t.is(chunks.map(chunk => chunk.text).join(''), text)
  const { encode } = await openTokenizer({ kind: 'gpt2' }, '/')
  t.deepEqual(
    chunks.flatMap(chunk => [...encode(chunk.text)]),
    [...encode(text)],
  )
})

test('white space beyond ASCII is no border of its own', t => {
  // The last byte of the first window is a space after a no-break space: the border is the one far before.
  const text = `ab ${'c'.repeat(64 * 1024 - 6)}\u00a0 de`
  t.is(chunksOf(t, text)[0]!.text, 'ab')
})

test('text without white space is cut between characters, and what is no UTF-8 does not stop it', t => {
  const dense = 'é日𝄞'.repeat(20_000)
  t.is(
    chunksOf(t, dense)
      .map(chunk => chunk.text)
      .join(''),
    dense,
  )
  const binary = new Uint8Array(200_000).fill(0x80)
  t.true(chunksOf(t, binary).every(chunk => chunk.text.length > 0))
  t.deepEqual(chunksOf(t, ''), [])
})

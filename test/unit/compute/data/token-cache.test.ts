import { fork } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { corpus } from '../../../../src/compute/data/corpus.ts'
import { findDocuments } from '../../../../src/compute/data/find-documents.ts'
import { type TokenCacheInit, type Tokenising, tokenisedCorpus } from '../../../../src/compute/data/token-cache.ts'
import type { TokenFile } from '../../../../src/compute/data/token-file.ts'
import type { Tokenizer } from '../../../../src/compute/data/tokenizer.ts'
import { tinyText } from '../../../support/tiny-text.ts'
import { virtualClock } from '../../../support/virtual-clock.ts'

/** Half a byte a token; counts how often it is asked. */
function countingTokenizer(): Tokenizer & { calls: number } {
  const tokenizer = {
    calls: 0,
    id: 'nibbles',
    vocabulary: 16,
    encode(text: string) {
      tokenizer.calls++
      return Int32Array.from([...Buffer.from(text)].flatMap(byte => [byte >> 4, byte & 15]))
    },
    decode: () => '',
    decoder: () => ({ push: () => '', end: () => '' }),
    byteLength: () => 0,
  }
  return tokenizer
}

interface Place {
  texts: string
  cache: string
  open(tokenizer: Tokenizer, init?: Partial<TokenCacheInit>): Promise<TokenFile>
  cached(suffix: string): string[]
}

function place(t: ExecutionContext): Place {
  const folder = mkdtempSync(join(tmpdir(), 'murmur-cache-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const cache = join(folder, 'cache', 'tokens')
  const texts = join(folder, 'texts')
  writeFileSync(join(folder, 'texts'), tinyText(300_000))
  return {
    texts,
    cache,
    async open(tokenizer, init = {}) {
      const text = corpus(findDocuments([texts], '/'))
      const file = await tokenisedCorpus(text, tokenizer, { directory: cache, ...init })
      t.teardown(() => file.close())
      text.close()
      return file
    },
    cached: suffix => (existsSync(cache) ? readdirSync(cache).filter(name => name.endsWith(suffix)) : []),
  }
}

function tokensOf(file: TokenFile): Int32Array {
  const tokens = new Int32Array(file.length)
  file.read(0, tokens)
  return tokens
}

test('text is tokenised once, and the progress adds up', async t => {
  const { open, texts, cached } = place(t)
  const tokenizer = countingTokenizer()
  const seen: Tokenising[] = []
  const tokens = tokensOf(await open(tokenizer, { onProgress: progress => seen.push(progress) }))
  t.deepEqual(tokens, countingTokenizer().encode(readFileSync(texts, 'utf8')))
  t.deepEqual(seen.at(-1), { done: seen.at(-1)!.total, total: readFileSync(texts).length })
  t.true(seen.every(({ done }, i) => i === 0 || done > seen[i - 1]!.done))
  const { calls } = tokenizer
  t.deepEqual(tokensOf(await open(tokenizer)), tokens)
  t.is(tokenizer.calls, calls)
  t.is(cached('.tokens').length, 1)
  t.is(cached('').length, 1)
})

test('of several that come at once one does the work', async t => {
  const { open, cached } = place(t)
  const tokenizer = countingTokenizer()
  const waiting = new Set<number | undefined>()
  const onProgress = ({ process }: Tokenising) => void waiting.add(process)
  const [first, ...others] = await Promise.all([1, 2, 3].map(() => open(tokenizer, { onProgress })))
  const { calls } = tokenizer
  t.true(calls < 10)
  for (const other of others) t.deepEqual(tokensOf(other), tokensOf(first!))
  t.true(waiting.has(process.pid))
  t.deepEqual(cached('').length, 1)
})

test('who is told to stop leaves nothing behind', async t => {
  const { open, cached } = place(t)
  const controller = new AbortController()
  const onProgress = () => controller.abort(new Error('enough'))
  await t.throwsAsync(open(countingTokenizer(), { signal: controller.signal, onProgress }), { message: 'enough' })
  t.deepEqual(cached(''), [])
  await t.throwsAsync(open(countingTokenizer(), { signal: controller.signal }), { message: 'enough' })
})

test('a tokenizer that fails leaves nothing behind', async t => {
  const { open, cached } = place(t)
  const broken = {
    ...countingTokenizer(),
    encode: () => {
      throw new Error('no token')
    },
  }
  await t.throwsAsync(open(broken), { message: 'no token' })
  t.deepEqual(cached(''), [])
})

test('a file that is cut short is made again', async t => {
  const { open, cache, cached } = place(t)
  const tokens = tokensOf(await open(countingTokenizer()))
  truncateSync(join(cache, cached('.tokens')[0]!), 1000)
  t.deepEqual(tokensOf(await open(countingTokenizer())), tokens)
})

test('changed text is tokenised anew, and the old file goes', async t => {
  const { open, texts, cached } = place(t)
  const old = await open(countingTokenizer())
  const [name] = cached('.tokens')
  writeFileSync(texts, 'something else')
  t.is((await open(countingTokenizer())).length, 28)
  t.deepEqual(cached('.tokens').length, 1)
  t.notDeepEqual(cached('.tokens'), [name])
  const before = new Int32Array(4)
  old.read(0, before) // who has it open goes on reading
  utimesSync(texts, 1, 1)
  const tokenizer = countingTokenizer()
  await open(tokenizer)
  t.is(tokenizer.calls, 1)
  const other = { ...countingTokenizer(), id: 'other' }
  await open(other)
  t.is(cached('.tokens').length, 2)
})

test('the lock of a process that is gone is taken over, its unfinished file removed', async t => {
  const { open, cache, cached } = place(t)
  await open(countingTokenizer())
  const [name] = cached('.tokens')
  rmSync(join(cache, name!))
  const child = fork('-e', { execArgv: [], stdio: 'ignore' })
  await once(child, 'exit')
  writeFileSync(join(cache, `${name}.lock`), JSON.stringify({ pid: child.pid, began: '', token: 't' }))
  writeFileSync(join(cache, `${name}.x.partial`), 'half')
  utimesSync(join(cache, `${name}.x.partial`), 1, 1)
  await open(countingTokenizer())
  t.deepEqual(cached(''), [name])
})

test('a process that is stuck is not waited for without end', async t => {
  const { open, cache, cached } = place(t)
  await open(countingTokenizer())
  const [name] = cached('.tokens')
  rmSync(join(cache, name!))
  // A lock of a live process, which never gets anywhere.
  const holder = await heldLock(join(cache, `${name}.lock`))
  const clock = virtualClock()
  const waiting = t.throwsAsync(open(countingTokenizer(), { clock }), {
    code: 'TIMED_OUT',
    message: new RegExp(`^Process ${process.pid} .* written nothing for 120 seconds`),
  })
  let over = false
  void waiting.then(() => {
    over = true
  })
  while (!over) await clock.advance(1000)
  await waiting
  await holder.release()
})

async function heldLock(path: string) {
  const { tryLock } = await import('../../../../src/core/file-lock.ts')
  return (await tryLock(path))!
}

test('a cache that cannot be made is one clear line', async t => {
  const { open, texts } = place(t)
  await t.throwsAsync(open(countingTokenizer(), { directory: join(texts, 'under-a-file') }), {
    code: 'STORAGE_FAILED',
    message: /tokenised text, which XDG_CACHE_HOME chooses, .*under-a-file/,
  })
})

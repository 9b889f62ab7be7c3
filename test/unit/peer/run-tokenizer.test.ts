import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { runPaths } from '../../../src/peer/checkpoint/run-directory.ts'
import { identifyTokenizer, keepTokenizer, keptTokenizer } from '../../../src/peer/run-tokenizer.ts'
import { runId } from '../../../src/peer/specification/canonical.ts'
import { parseSpecification } from '../../../src/peer/specification/parse.ts'
import { tinyTokenizerJson } from '../../support/tiny-tokenizer.ts'

const content = Buffer.from(JSON.stringify(tinyTokenizerJson()))
const sha256 = createHash('sha256').update(content).digest('hex')

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'murmur-run-tokenizer-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

const named = (hash = '') => parseSpecification(`data: {tokenizer: {file: tokens.json${hash && `, sha256: ${hash}`}}}`)

test('a run is named by the content of its tokenizer, not by when it was read', async t => {
  const directory = folder(t)
  writeFileSync(join(directory, 'tokens.json'), content)
  const specification = await identifyTokenizer(named(), directory)
  t.is(runId(specification), runId(named(sha256)))
  t.not(runId(specification), runId(named('a'.repeat(64))))
  t.deepEqual(await identifyTokenizer(specification, '/nowhere'), specification)
  const bytes = parseSpecification('')
  t.is(await identifyTokenizer(bytes, directory), bytes)
})

test('a run is not started with a file that is missing or no tokenizer', async t => {
  const directory = folder(t)
  await t.throwsAsync(identifyTokenizer(named(), directory), { code: 'TOKENIZER_INVALID', message: /no such file/ })
  writeFileSync(join(directory, 'tokens.json'), '{}')
  await t.throwsAsync(identifyTokenizer(named(), directory), { code: 'TOKENIZER_INVALID', message: /Hugging Face/ })
})

test('the run directory gets the named file, or the swarm’s where it is another one or none', async t => {
  const directory = folder(t)
  const fetched: string[] = []
  const others: string[] = []
  const keep = async (run: string, given: Uint8Array = content) => {
    const paths = runPaths(join(directory, run))
    const kept = await keepTokenizer(paths, named(sha256), {
      directory,
      fetch: async () => {
        fetched.push(run)
        return given
      },
      onOther: ({ message }) => others.push(message),
    })
    t.deepEqual(readFileSync(paths.tokenizer), content)
    t.deepEqual(Buffer.from(kept!.content), content)
    t.like(kept!.config, { kind: 'file', file: paths.tokenizer, sha256 })
  }
  for (const run of ['a', 'b', 'c', 'd']) mkdirSync(join(directory, run))
  await keep('a')
  await keep('a') // it is there now
  t.deepEqual([fetched, others.length], [['a'], 0])
  writeFileSync(join(directory, 'tokens.json'), content)
  await keep('b')
  t.deepEqual(fetched, ['a'])
  writeFileSync(join(directory, 'tokens.json'), 'another')
  await keep('c')
  t.deepEqual(fetched, ['a', 'c'])
  t.regex(others.join(), /tokens\.json is not the one of this run: expected SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}$/)
  const paths = runPaths(join(directory, 'd'))
  const wrong = { directory: '/nowhere', fetch: async () => Buffer.from('forged') }
  await t.throwsAsync(keepTokenizer(paths, named(sha256), wrong), {
    code: 'TOKENIZER_INVALID',
    message: /a peer sent it with SHA-256/,
  })
  await t.throwsAsync(keepTokenizer(paths, named(sha256), { directory }), { message: /is not the one of this run/ })
  t.false(existsSync(paths.tokenizer))
  t.is(await keepTokenizer(paths, parseSpecification(''), { directory }), undefined)
})

test('no file of this machine is copied for a stranger who names it, without its hash or with it', async t => {
  const directory = folder(t)
  const secret = Buffer.from('-----BEGIN OPENSSH PRIVATE KEY-----')
  writeFileSync(join(directory, 'tokens.json'), secret)
  mkdirSync(join(directory, 'run'))
  const paths = runPaths(join(directory, 'run'))
  const refused = async (hash: string, message: RegExp, fetch?: () => Promise<Uint8Array>) => {
    const keeping = keepTokenizer(paths, named(hash), { directory, fetch })
    await t.throwsAsync(keeping, { code: 'TOKENIZER_INVALID', message })
  }
  const secretHash = createHash('sha256').update(secret).digest('hex')
  await refused('', /is not the one of this run/)
  await refused('', /a peer sent it with SHA-256/, async () => content)
  await refused(secretHash, /expected a Hugging Face tokenizer\.json/)
  rmSync(join(directory, 'tokens.json'))
  await refused(secretHash, /expected a Hugging Face tokenizer\.json/, async () => secret)
  t.false(existsSync(paths.tokenizer))
  writeFileSync(paths.tokenizer, secret)
  await refused(secretHash, /expected a Hugging Face tokenizer\.json/)
  await refused('', /no such file/)
  t.deepEqual(await keptTokenizer(paths, { kind: 'file', file: 'tokens.json', sha256: '' }), {
    kind: 'file',
    file: 'tokens.json',
    sha256: '',
  })
})

test('a checkpoint’s tokenizer is the copy in its run directory, as long as that is the right one', async t => {
  const paths = runPaths(folder(t))
  const config = { kind: 'file', file: 'tokens.json', sha256 } as const
  t.is(await keptTokenizer(paths, config), config)
  writeFileSync(paths.tokenizer, 'another')
  t.is(await keptTokenizer(paths, config), config)
  writeFileSync(paths.tokenizer, content)
  t.deepEqual(await keptTokenizer(paths, config), { ...config, file: paths.tokenizer })
  const bytes = { kind: 'bytes' } as const
  t.is(await keptTokenizer(paths, bytes), bytes)
})

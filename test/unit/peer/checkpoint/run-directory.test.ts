import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { isErrorCode, MurmurError } from '../../../../src/core/errors.ts'
import { openRunDirectory, readRunSpecification, runPaths } from '../../../../src/peer/checkpoint/run-directory.ts'
import { canonicalSpecification, runId } from '../../../../src/peer/specification/canonical.ts'
import { parseSpecification } from '../../../../src/peer/specification/parse.ts'

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'murmur-run-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return join(path, 'runs', 'one')
}

test('a run directory is made, claimed and found again', async t => {
  const path = folder(t)
  const run = parseSpecification('name: "two: words"\ndata: {paths: ["*.txt"]}')
  const directory = await openRunDirectory(path)
  t.is(await readRunSpecification(directory), undefined)
  await directory.claim(run)
  await directory.close()

  const again = await openRunDirectory(path)
  t.teardown(() => again.close())
  await again.claim(run)
  t.is(canonicalSpecification((await readRunSpecification(runPaths(path)))!), canonicalSpecification(run))
  t.deepEqual(readdirSync(path).toSorted(), ['checkpoints', 'lock', 'run.yaml'])
  t.is(again.identity, join(path, 'identity.key'))
  t.is(again.events, join(path, 'events.jsonl'))
})

const moduleRun = (sha256: string) =>
  parseSpecification(`name: own\nmodel: {module: ./my-model.ts, sha256: ${sha256.repeat(64)}}`)

test('a run that left no checkpoint makes room for another; its records stay', async t => {
  const directory = await openRunDirectory(folder(t))
  t.teardown(() => directory.close())
  await directory.claim(moduleRun('a'))
  writeFileSync(directory.events, 'of the first')
  await directory.claim(moduleRun('b'))
  t.is(runId((await readRunSpecification(directory))!), runId(moduleRun('b')))
  t.false(existsSync(directory.events))
  t.is(readFileSync(join(directory.path, `events-${runId(moduleRun('a'))}.jsonl`), 'utf8'), 'of the first')
})

test('of a trained run whose model has changed since, that is said', async t => {
  const directory = await openRunDirectory(folder(t))
  t.teardown(() => directory.close())
  await directory.claim(moduleRun('a'))
  writeFileSync(join(directory.checkpoints, 'checkpoint-0000000001.safetensors'), '')
  await t.throwsAsync(() => directory.claim(moduleRun('b')), { message: /; \.\/my-model\.ts has changed since$/ })
})

test('a directory of another run that was trained is refused and left alone', async t => {
  const directory = await openRunDirectory(folder(t))
  t.teardown(() => directory.close())
  await directory.claim(parseSpecification('name: first'))
  writeFileSync(join(directory.checkpoints, 'checkpoint-0000000001.safetensors'), '')
  const before = readFileSync(directory.specification, 'utf8')
  const error = await t.throwsAsync(() => directory.claim(parseSpecification('name: second')), {
    instanceOf: MurmurError,
  })
  t.is(error.code, 'RUN_MISMATCH')
  t.regex(error.message, /holds run [0-9a-f]{32} \("first"\): expected [0-9a-f]{32} \("second"\)/)
  t.is(readFileSync(directory.specification, 'utf8'), before)
})

test('a specification that was damaged is named', async t => {
  const directory = await openRunDirectory(folder(t))
  t.teardown(() => directory.close())
  writeFileSync(directory.specification, 'stepz: 3')
  const error = await t.throwsAsync(() => directory.claim(parseSpecification('')), { instanceOf: MurmurError })
  t.is(error.code, 'SPECIFICATION_INVALID')
  t.true(error.message.startsWith(directory.specification))
})

test('a directory lets one in at a time', async t => {
  const path = folder(t)
  const first = await openRunDirectory(path)
  const error = await t.throwsAsync(() => openRunDirectory(path), { instanceOf: MurmurError })
  t.is(error.code, 'STORAGE_FAILED')
  t.true(error.message.includes(`in use by process ${process.pid}`) && error.message.includes(path))
  await first.close()
  const second = await openRunDirectory(path)
  await first.close() // must not let a third one in
  t.true(isErrorCode(await t.throwsAsync(() => openRunDirectory(path)), 'STORAGE_FAILED'))
  await second.close()
  t.deepEqual(readdirSync(path), ['checkpoints'])
})

test('of many that come at once, one gets in, also over the lock of a dead process', async t => {
  for (const stale of [false, true]) {
    const path = folder(t)
    await (await openRunDirectory(path)).close()
    if (stale) writeFileSync(runPaths(path).lock, lockOf(await deadPid()))
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => openRunDirectory(path)))
    const opened = tries.filter(tried => tried.status === 'fulfilled')
    t.is(opened.length, 1)
    await opened[0]!.value.close()
    t.deepEqual(readdirSync(path), ['checkpoints'])
  }
})

const lockOf = (pid: number) => JSON.stringify({ pid, began: '', token: 't' })

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  return child.pid!
}

/** A process that opens a run directory and says so. */
function holder(path: string): ChildProcess {
  const module = new URL('../../../../src/peer/checkpoint/run-directory.ts', import.meta.url).href
  const script = `await (await import('${module}')).openRunDirectory(process.argv[1]); console.log('open'); setInterval(() => {}, 1000)`
  return spawn(process.execPath, ['--input-type=module', '-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] })
}

test('a live process keeps its lock, a killed one loses it', async t => {
  const path = folder(t)
  const child = holder(path)
  const exited = once(child, 'exit')
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout!, 'data')
  const error = await t.throwsAsync(() => openRunDirectory(path), { instanceOf: MurmurError })
  t.is(error.details.pid, child.pid)
  child.kill('SIGKILL')
  await exited
  await (await openRunDirectory(path)).close()
})

test('a lock that is no lock, or of a process id that is used again, is taken over', async t => {
  const path = folder(t)
  await (await openRunDirectory(path)).close()
  const locks = ['', 'nonsense', '{"pid":-1}', lockOf(await deadPid())]
  if (process.platform === 'linux') {
    locks.push(JSON.stringify({ pid: process.pid, began: 'another boot/1', token: 't' }))
  }
  for (const lock of locks) {
    writeFileSync(runPaths(path).lock, lock)
    await (await openRunDirectory(path)).close()
  }
  t.deepEqual(readdirSync(path), ['checkpoints'])
})

test('a directory that cannot be made is one clear line', async t => {
  const path = folder(t)
  await (await openRunDirectory(path)).close()
  const file = join(path, 'file')
  writeFileSync(file, '')
  const error = await t.throwsAsync(() => openRunDirectory(join(file, 'run')), { instanceOf: MurmurError })
  t.is(error.code, 'STORAGE_FAILED')
  t.regex(error.message, /Could not make the run directory/)
})

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import type { Command } from 'commander'
import { runner } from '../../src/cli/command.ts'
import { createOutput } from '../../src/cli/output.ts'
import { createProgram } from '../../src/cli/program.ts'
import { gpt } from '../../src/compute/models/gpt.ts'
import { layoutParameters } from '../../src/core/layout.ts'
import { sharedFloats } from '../../src/core/parameters.ts'
import { random } from '../../src/core/random.ts'
import { writeCheckpoint } from '../../src/peer/checkpoint/checkpoint.ts'
import { openRunDirectory } from '../../src/peer/checkpoint/run-directory.ts'
import { canonicalSpecification, runId } from '../../src/peer/specification/canonical.ts'
import { parseSpecification } from '../../src/peer/specification/parse.ts'
import { exchangeEvent, steps } from '../unit/peer/records/events.ts'

/** The command line as its users meet it: real processes of bin/murmur.js. */

const bin = fileURLToPath(new URL('../../bin/murmur.js', import.meta.url))

interface Started {
  child: ChildProcessByStdio<null, Readable, Readable>
  ended: Promise<{ code: number | null; out: string; err: string }>
}

interface StartInit {
  /** Code to run before murmur does, as a module. */
  preload?: string
  env?: Record<string, string>
}

function start(t: ExecutionContext, args: readonly string[], { preload, env }: StartInit = {}): Started {
  const options = preload ? ['--import', `data:text/javascript,${encodeURIComponent(preload)}`] : []
  const child = spawn(process.execPath, [...options, bin, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  t.teardown(() => child.kill('SIGKILL'))
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    err += text
  })
  return { child, ended: once(child, 'close').then(([code]) => ({ code, out, err })) }
}

function run(t: ExecutionContext, args: readonly string[], init?: StartInit) {
  return start(t, args, init).ended
}

async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'murmur-cli-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const SIZES = { layers: 1, width: 16, heads: 2, context: 16 }

/** A run directory as a peer leaves it, with freshly initialised parameters. */
async function runDirectory(t: ExecutionContext) {
  const folder = await temporaryFolder(t)
  const text = join(folder, 'text.txt')
  await writeFile(text, 'the quick brown fox jumps over the lazy dog. '.repeat(200))
  const specification = parseSpecification(JSON.stringify({ name: 'fox', model: SIZES, data: { paths: [text] } }))
  const model = gpt({ ...SIZES, vocabulary: 256 })
  const layout = layoutParameters(model.parameters, specification.shards)
  const parameters = sharedFloats(layout.length)
  for (const { name, offset, length } of layout.tensors) {
    const parameter = model.parameters.find(candidate => candidate.name === name)!
    parameter.initialize(parameters.subarray(offset, offset + length), random(0).fork(name))
  }
  const directory = await openRunDirectory(join(folder, 'run'))
  await directory.claim(specification)
  const { path: checkpoint } = await writeCheckpoint(
    directory.checkpoints,
    {
      tensors: layout.tensors,
      parameters,
      optimizer: { moment1: parameters },
      step: 50,
      optimizerAge: 50,
      tokens: 6400,
      batches: random(0).save(),
      runId: runId(specification),
      specification: canonicalSpecification(specification),
    },
    { keep: 2 },
  )
  const events = [...steps(50), exchangeEvent(), exchangeEvent({ outcome: 'busy' })]
  await writeFile(directory.events, `${events.map(event => JSON.stringify(event)).join('\n')}\n{"type":"st`)
  await directory.close()
  return { path: directory.path, checkpoint, run: runId(specification) }
}

function everyCommand(): string[][] {
  const { stdout, stderr } = process
  const output = createOutput({ stdout, stderr, env: {} })
  const interrupt = () => {
    throw new Error('nothing runs')
  }
  const below = (command: Command, path: string[]): string[][] =>
    command.commands.flatMap(child => {
      const own = [...path, child.name()]
      return child.commands.length > 0 ? below(child, own) : [own]
    })
  return below(createProgram({ output, run: runner({ output, interrupt }) }), [])
}

test('every command has a help with examples, --json and --quiet', async t => {
  const { code, out, err } = await run(t, ['--help'])
  t.deepEqual([code, err], [0, ''])
  for (const [name] of everyCommand()) t.true(out.includes(`  ${name} `), `${name} is listed`)
  for (const path of everyCommand()) {
    const help = await run(t, [...path, '--help'])
    t.deepEqual([help.code, help.err], [0, ''])
    for (const part of [
      `Usage: murmur ${path.join(' ')}`,
      '--json',
      '--quiet',
      `Examples:\n  $ murmur ${path.join(' ')}`,
    ]) {
      t.true(help.out.includes(part), `${path.join(' ')}: ${part}`)
    }
  }
})

test('--version prints the version', async t => {
  const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
  t.deepEqual(await run(t, ['--version']), { code: 0, out: `${manifest.version}\n`, err: '' })
})

test('the help loads nothing heavy', async t => {
  const preload = `
    import { registerHooks } from 'node:module'
    registerHooks({ load(url, context, next) { process.stderr.write(url + '\\n'); return next(url, context) } })`
  const { code, err } = await run(t, ['--help'], { preload })
  t.is(code, 0)
  const loaded = err.trim().split('\n')
  t.true(loaded.some(url => url.endsWith('/commands/doctor.ts')))
  t.deepEqual(
    loaded.filter(url => /onnxruntime|tensorflow|libp2p|multiformats|zod|yaml|log-update/.test(url)),
    [],
  )
})

test('what is unknown is told in one line with the nearest name, and exits with 2', async t => {
  for (const [args, message] of [
    [['evaluat'], "unknown command 'evaluat' (Did you mean evaluate?)"],
    [['doctor', '--jsno'], "unknown option '--jsno' (Did you mean --json?)"],
    [['inspect'], "missing required argument 'path'"],
    [['doctor', 'now'], "too many arguments for 'doctor'. Expected 0 arguments but got 1: now."],
    [['generate', '--tokens', '-1', 'x'], "option '--tokens <n>' argument '-1' is invalid. Expected an integer >= 0."],
  ] as const) {
    t.deepEqual(await run(t, args), { code: 2, out: '', err: `murmur: ${message}\n` })
  }
  const { code, out } = await run(t, ['doctor', '--json', '--nope'])
  t.is(code, 2)
  t.is(JSON.parse(out).error.code, 'USAGE')
  const bare = await run(t, [])
  t.deepEqual([bare.code, bare.out], [2, ''])
  t.regex(bare.err, /^Usage: murmur[\s\S]*\nmurmur: Expected a command; `murmur --help` lists them\n$/)
})

test('a Node that is too old is told what to do, in one line', async t => {
  const preload = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })"
  const { code, out, err } = await run(t, ['doctor'], { preload })
  t.deepEqual([code, out], [3, ''])
  t.regex(err, /^murmur: found Node 20\.20\.2, needs Node 24 or newer: use .*"npm run murmur -- <command>".*\n$/)
})

test('a bug is told in one line, and in full when asked', async t => {
  const preload = "process.availableMemory = () => { throw new TypeError('surprise') }"
  const { code, out, err } = await run(t, ['doctor', '--json'], { preload })
  t.is(code, 1)
  t.deepEqual(JSON.parse(out).error.code, 'UNEXPECTED')
  t.is(err, 'murmur: surprise (this is a bug in murmur; MURMUR_DEBUG=1 prints the stack)\n')
  const debug = await run(t, ['doctor'], { preload, env: { MURMUR_DEBUG: '1' } })
  t.regex(debug.err, /TypeError: surprise\n {4}at /)
})

test('a reader that goes away, as head does, is no error', async t => {
  for (const args of [['--help'], ['init', '-'], ['doctor', '--json']]) {
    const { child, ended } = start(t, args)
    child.stdout.destroy()
    const { code, err } = await ended
    t.deepEqual([code, err], [0, ''], args.join(' '))
  }
})

const withFullDisk = existsSync('/dev/full') ? test : test.skip

withFullDisk('a result that cannot be written is a failure', async t => {
  const child = spawn(process.execPath, [bin, 'init', '-'], { stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'] })
  let err = ''
  child.stderr!.on('data', text => {
    err += text
  })
  const [code] = await once(child, 'close')
  t.is(code, 31)
  t.regex(err, /^murmur: Cannot write to stdout: ENOSPC.*\n$/)
})

test('doctor says what was found and what to do', async t => {
  const { code, out, err } = await run(t, ['doctor', '--json'])
  t.deepEqual([code, err], [0, ''])
  const { trainingPossible, findings } = JSON.parse(out)
  t.true(trainingPossible)
  const byName = new Map<string, { status: string; found: string; remedy?: string }>(
    findings.map((finding: { name: string }) => [finding.name, finding]),
  )
  for (const name of ['node', 'cpu', 'wasm', 'javascript', 'auto', 'cores', 'memory', 'disk', 'tcp']) {
    t.truthy(byName.get(name)?.found, name)
  }
  for (const name of ['cpu', 'wasm', 'javascript', 'auto']) t.is(byName.get(name)!.status, 'ok', name)
  for (const name of ['webgpu', 'cuda', 'tensorflow', 'mdns']) {
    const finding = byName.get(name)!
    t.true(finding.status === 'ok' || finding.remedy !== undefined, `${name}: ${finding.found}`)
  }
})

test('init writes a specification that means the default run, and overwrites only when told to', async t => {
  const path = join(await temporaryFolder(t), 'run.yaml')
  t.is((await run(t, ['init', path])).code, 0)
  const text = await readFile(path, 'utf8')
  t.is(runId(parseSpecification(text)), runId(parseSpecification('')))
  await writeFile(path, 'mine')
  t.deepEqual(await run(t, ['init', path]), {
    code: 2,
    out: '',
    err: `murmur: ${path} exists; --force overwrites it\n`,
  })
  t.is(await readFile(path, 'utf8'), 'mine')
  t.is((await run(t, ['init', path, '--force', '--json'])).out, `${JSON.stringify({ path })}\n`)
  t.is(await readFile(path, 'utf8'), text)
  t.is((await run(t, ['init', '-'])).out, text)
  t.deepEqual(JSON.parse((await run(t, ['--json', 'init', '-'])).out), { specification: text })
  t.is((await run(t, ['init', join(path, 'below')])).code, 31)
})

test('inspect shows a run directory and a checkpoint', async t => {
  const { path, checkpoint, run: id } = await runDirectory(t)
  const whole = await run(t, ['inspect', '--json', path])
  t.deepEqual([whole.code, whole.err], [0, ''])
  const found = JSON.parse(whole.out)
  t.is(found.run, id)
  t.is(found.specification.name, 'fox')
  t.deepEqual([found.checkpoint.step, found.checkpoint.tokens, found.checkpoint.tensors.length], [50, 6400, 16])
  t.like(found.records, { step: 50, exchanges: { tried: 2, ok: 1, failed: { busy: 1 } }, damagedLines: 1 })

  const text = await run(t, ['inspect', '--tensors', checkpoint])
  t.is(text.code, 0)
  t.regex(text.out, /^step +50$/m)
  t.regex(text.out, /^wte\.weight +256 x 16 +4096 +0\.0201$/m)
  t.false(text.out.includes('\u001b'))
})

test('a damaged checkpoint and a path that is none are told in one line', async t => {
  const { path, checkpoint } = await runDirectory(t)
  await truncate(checkpoint, 5000)
  for (const command of ['inspect', 'evaluate', 'generate']) {
    const { code, out, err } = await run(t, [command, path])
    t.deepEqual([code, out], [30, ''])
    t.regex(err, /^murmur: The checkpoint .*checkpoint-0000000050\.safetensors cannot be used: .*\n$/)
  }
  const { code, err } = await run(t, ['inspect', join(path, 'nothing')])
  t.is(code, 31)
  t.regex(err, /^murmur: Could not read the checkpoint .*\n$/)
})

test('evaluate measures the same loss every time, near that of guessing for an untrained model', async t => {
  const { path, checkpoint } = await runDirectory(t)
  const first = await run(t, ['evaluate', '--json', path])
  t.deepEqual([first.code, first.err], [0, ''])
  const result = JSON.parse(first.out)
  t.like(result, { checkpoint, step: 50, tokens: 8 * 8 * SIZES.context })
  t.true(Math.abs(result.validationLoss - Math.log(256)) < 0.1)
  t.is((await run(t, ['evaluate', '--json', checkpoint])).out, first.out)
  t.is(JSON.parse((await run(t, ['evaluate', '--json', '--batches', '1', path])).out).tokens, 8 * SIZES.context)
  const missing = await run(t, ['evaluate', path, '--data', join(path, 'nothing')])
  t.is(missing.code, 11)
  t.regex(missing.err, /^murmur: .*\n$/)
})

test('generate continues a prompt: the same text for the same seed', async t => {
  const { path } = await runDirectory(t)
  const generate = (...args: string[]) => run(t, ['generate', path, '--prompt', 'the quick', '--tokens', '30', ...args])
  const [plain, json, other] = [await generate(), await generate('--json'), await generate('--seed', '1')]
  t.deepEqual([plain.code, plain.err], [0, ''])
  const { text, step } = JSON.parse(json.out)
  t.is(step, 50)
  t.is(plain.out, `the quick${text}\n`)
  t.not(other.out, plain.out)
  t.is((await generate('--prompt', '')).code, 2)
})

test('bootstrap prints its addresses, and leaves politely when asked to', async t => {
  const identity = join(await temporaryFolder(t), 'bootstrap.key')
  const args = ['bootstrap', '--json', '--listen', '/ip4/127.0.0.1/tcp/0', '--identity', identity]
  const { child, ended } = start(t, args)
  const [line] = await once(createInterface(child.stdout), 'line')
  const { peer, addresses } = JSON.parse(line)
  t.true(addresses.every((address: string) => address.endsWith(`/p2p/${peer}`)))
  const port = addresses[0].split('/')[4]
  const taken = await run(t, ['bootstrap', '--listen', `/ip4/127.0.0.1/tcp/${port}`, '--identity', `${identity}2`])
  t.is(taken.code, 22)
  t.regex(taken.err, /^murmur: .*\n$/)
  child.kill('SIGINT')
  const { code, err } = await ended
  t.is(code, 0)
  t.regex(err, /^SIGINT: finishing the connections/m)
})

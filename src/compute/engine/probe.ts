import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { errorToData } from '../../core/errors.ts'

/** What one of the engine's possible backends answered when it was asked to compute something. */
export interface BackendProbe {
  /** An onnxruntime execution provider, or `tfjs-node-gpu`. */
  name: string
  /** Its library is part of the installation. */
  installed: boolean
  /** It computed the right answer here. */
  works: boolean
  /** Why it does not; undefined if it works. */
  reason: string | undefined
}

export interface RuntimeProbe {
  /** Version of onnxruntime-node, undefined if its library does not load. */
  version: string | undefined
  /** Why it does not load. */
  reason: string | undefined
  backends: BackendProbe[]
}

const TFJS_GPU = 'tfjs-node-gpu'

/**
 * Tries every backend for real, each in a process of its own: a provider without its device can take the process down
 * or hang. Each has `deadlineMs` milliseconds.
 */
export async function probeBackends(deadlineMs: number, signal: AbortSignal): Promise<RuntimeProbe> {
  const list = await inChild<ProviderList>('listProviders', undefined, deadlineMs, signal)
  const providers = 'value' in list ? list.value.providers : []
  const found = await Promise.all(
    providers.map(async ({ name, installed }): Promise<BackendProbe> => {
      if (!installed) return { name, installed, works: false, reason: 'its provider library is not installed' }
      const answer = await inChild('tryProvider', name, deadlineMs, signal)
      return { name, installed, works: 'value' in answer, reason: 'value' in answer ? undefined : answer.reason }
    }),
  )
  return {
    version: 'value' in list ? list.value.version : undefined,
    reason: 'value' in list ? undefined : list.reason,
    backends: [...found, await probeTfjsGpu(deadlineMs, signal)],
  }
}

async function probeTfjsGpu(deadlineMs: number, signal: AbortSignal): Promise<BackendProbe> {
  const installed = resolvable('@tensorflow/tfjs-node-gpu')
  if (!installed) return { name: TFJS_GPU, installed, works: false, reason: 'the optional package is not installed' }
  const answer = await inChild('tryTfjsGpu', undefined, deadlineMs, signal)
  return { name: TFJS_GPU, installed, works: 'value' in answer, reason: 'value' in answer ? undefined : answer.reason }
}

/** What runs in the child, by name. */
const tasks = { listProviders, tryProvider, tryTfjsGpu }

type Answer<T> = { value: T } | { reason: string }

/**
 * Entry point of the child. Prints its answer as the last line of stdout.
 * @public called by the text of the child's script
 */
export async function answerProbe(task: keyof typeof tasks, argument: string): Promise<void> {
  let answer: Answer<unknown>
  try {
    answer = { value: await tasks[task](argument) }
  } catch (error) {
    answer = { reason: firstLine(withoutLocation(errorToData(error, 'BACKEND_UNAVAILABLE').message)) }
  }
  // Native threads can keep a process alive, or bring it down while it ends: it has nothing more to say.
  process.stdout.write(`\n${JSON.stringify(answer)}\n`, () => process.kill(process.pid, 'SIGKILL'))
}

async function inChild<T = true>(
  task: keyof typeof tasks,
  argument: string | undefined,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<Answer<T>> {
  signal.throwIfAborted()
  const script = `import(${JSON.stringify(import.meta.url)}).then(m => m.answerProbe(...${JSON.stringify([task, argument])}))`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: deadlineMs,
    killSignal: 'SIGKILL',
    signal,
  })
  let out = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out = (out + text).slice(-MAX_OUTPUT)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-MAX_OUTPUT)
  })
  const began = performance.now()
  const { promise: ended, resolve } = Promise.withResolvers<string>()
  child.on('error', error => resolve(error.message))
  child.on('close', (code, killedBy) => {
    const timedOut = performance.now() - began >= deadlineMs
    resolve(timedOut ? `no answer within ${deadlineMs} ms` : `the process died (${killedBy ?? `exit code ${code}`})`)
  })
  const end = await ended
  signal.throwIfAborted()
  return parseAnswer<T>(out) ?? { reason: [end, firstLine(errors)].filter(Boolean).join(': ') }
}

const MAX_OUTPUT = 64 * 1024

/** Native libraries write to stdout too: the answer is the last line. */
function parseAnswer<T>(output: string): Answer<T> | undefined {
  try {
    return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Answer<T>
  } catch {
    return undefined
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0]!.slice(0, 400)
}

/** onnxruntime puts a C++ location and the failed condition in front of what went wrong. */
function withoutLocation(message: string): string {
  return message.replace(/^.*? was false\. /s, '')
}

function resolvable(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name)
    return true
  } catch {
    return false
  }
}

interface ProviderList {
  version: string
  providers: { name: string; installed: boolean }[]
}

async function listProviders(): Promise<ProviderList> {
  const { env, listSupportedBackends } = await import('onnxruntime-node')
  return {
    version: env.versions.node ?? 'unknown',
    providers: listSupportedBackends().map(({ name, bundled }) => ({ name, installed: bundled || hasLibrary(name) })),
  }
}

/** Whether the library of a provider that is not part of the npm package was added to it. */
function hasLibrary(provider: string): boolean {
  const root = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'))
  const files = readdirSync(join(root, 'bin'), { recursive: true, encoding: 'utf8' })
  const here = join(process.platform, process.arch)
  return files.some(file => file.includes(here) && basename(file).includes(`onnxruntime_providers_${provider}.`))
}

/** Computes [1 2; 3 4] squared on a provider. */
async function tryProvider(name: string): Promise<true> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node')
  const session = await InferenceSession.create(squareModel(), { executionProviders: [name], logSeverityLevel: 3 })
  const { y } = await session.run({ x: new Tensor('float32', [1, 2, 3, 4], [2, 2]) })
  expectSquare(y?.data)
  return true
}

async function tryTfjsGpu(): Promise<true> {
  // An optional dependency: its types are not there to be imported.
  const path = createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu')
  const tf = (await import(pathToFileURL(path).href)).default as typeof import('@tensorflow/tfjs-core')
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2])
  expectSquare(await tf.matMul(x, x).data())
  return true
}

function expectSquare(values: unknown): void {
  const answer = Array.from(values as ArrayLike<number>)
  if (answer.join() !== '7,10,15,22') throw new Error(`computed ${answer.join()} instead of 7,10,15,22`)
}

/** The smallest ONNX model worth running, y = x x for x of shape [2, 2]: a ModelProto of onnx.proto3, by hand. */
function squareModel(): Uint8Array {
  const number = (field: number, value: number) => [field << 3, value]
  const nested = (field: number, bytes: readonly number[]) => [(field << 3) | 2, bytes.length, ...bytes]
  const text = (field: number, value: string) => nested(field, [...Buffer.from(value)])
  const dimension = nested(1, number(1, 2))
  const matrix = (name: string) => [
    ...text(1, name),
    ...nested(2, nested(1, [...number(1, 1), ...nested(2, [...dimension, ...dimension])])),
  ]
  const node = [...text(1, 'x'), ...text(1, 'x'), ...text(2, 'y'), ...text(4, 'MatMul')]
  const graph = [...nested(1, node), ...text(2, 'square'), ...nested(11, matrix('x')), ...nested(12, matrix('y'))]
  return Uint8Array.from([...number(1, 8), ...nested(7, graph), ...nested(8, number(2, 13))])
}

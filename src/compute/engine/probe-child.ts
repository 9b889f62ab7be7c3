import { spawn } from 'node:child_process'
import { errorToData } from '../../core/errors.ts'
import { type BackendName, isEager } from './engine.ts'
import type { Working } from './probe-tasks.ts'

type Answer = { value: Working } | { reason: string }

/**
 * Entry point of the child. Prints its answer as the last line of stdout.
 * @public called by the text of the child's script
 */
export async function answerProbe(name: BackendName, threads: number): Promise<void> {
  let answer: Answer
  try {
    const { tryEager, tryTraced } = await import('./probe-tasks.ts')
    answer = { value: isEager(name) ? await tryEager(name) : await tryTraced(name, threads) }
  } catch (error) {
    const { message } = errorToData(error, 'BACKEND_UNAVAILABLE')
    answer = { reason: firstLine(message.replace(/: see `murmur doctor`$/, '')) }
  }
  // Native threads can keep a process alive, or bring it down while it ends: it has nothing more to say.
  process.stdout.write(`\n${JSON.stringify(answer)}\n`, () => process.kill(process.pid, 'SIGKILL'))
}

export interface ProbeInit {
  /** What a GPU is compared with. @default 1 */
  threads?: number
  signal?: AbortSignal
}

/** What a fresh process finds out about a backend within `deadlineMs` milliseconds. */
export async function inChild(name: BackendName, deadlineMs: number, init: ProbeInit): Promise<Answer> {
  const { threads = 1, signal } = init
  signal?.throwIfAborted()
  const script = `import(${JSON.stringify(import.meta.url)}).then(m => m.answerProbe(...${JSON.stringify([name, threads])}))`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: deadlineMs,
    killSignal: 'SIGKILL',
    ...(signal && { signal }),
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
  signal?.throwIfAborted()
  return parseAnswer(out) ?? { reason: [end, firstLine(errors)].filter(Boolean).join(': ') }
}

const MAX_OUTPUT = 64 * 1024

/** Native libraries write to stdout too: the answer is the last line. */
function parseAnswer(output: string): Answer | undefined {
  try {
    return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Answer
  } catch {
    return undefined
  }
}

const firstLine = (text: string): string => text.trim().split('\n')[0]!.slice(0, 400)

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const MURMUR = fileURLToPath(new URL('../../../bin/murmur.js', import.meta.url))

export interface ChildEnd {
  /** Null when a signal ended it. */
  code: number | null
  signal: NodeJS.Signals | null
  /** What it said last on stderr. */
  lastWords: string
}

/** A murmur command as a process of its own, heard through its JSON lines. */
export interface Child {
  readonly pid: number | undefined
  readonly ended: Promise<ChildEnd>
  kill(signal: NodeJS.Signals): void
}

/** @param onLine called with every JSON object the process prints */
export function spawnMurmur(args: readonly string[], onLine: (line: unknown) => void): Child {
  const child = spawn(process.execPath, [MURMUR, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // In a process group of its own: a Ctrl-C reaches it once, through its parent. If the parent dies, stdout closes.
    detached: true,
  })
  createInterface({ input: child.stdout }).on('line', text => {
    const line = parse(text)
    if (line !== undefined) onLine(line)
  })
  let lastWords = ''
  createInterface({ input: child.stderr }).on('line', line => {
    lastWords = line
  })
  return {
    pid: child.pid,
    ended: end(child, () => lastWords),
    kill: signal => void child.kill(signal),
  }
}

/** A process that is killed while it writes leaves half a line. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function end(child: ChildProcess, lastWords: () => string): Promise<ChildEnd> {
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    return { code, signal, lastWords: lastWords() }
  } catch (error) {
    return { code: null, signal: null, lastWords: error instanceof Error ? error.message : String(error) }
  }
}

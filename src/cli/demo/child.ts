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
  const child = spawn(process.execPath, [MURMUR, ...args, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
  createInterface({ input: child.stdout }).on('line', line => onLine(JSON.parse(line)))
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

async function end(child: ChildProcess, lastWords: () => string): Promise<ChildEnd> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, lastWords: lastWords() }
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { stringify } from 'yaml'
import { tinyText } from './tiny-text.ts'

export interface RunFolder {
  folder: string
  /** The specification of a tiny run over a tiny text, both in the folder. */
  yaml: string
  /** Writes another one, with some keys changed, and returns its path. */
  write(name: string, changes: object): Promise<string>
}

/** A folder with what a run of the command line needs, gone when the test ends. */
export async function runFolder(t: ExecutionContext, changes: object = {}): Promise<RunFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'murmur-run-'))
  t.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const text = join(folder, 'text.txt')
  await writeFile(text, tinyText(60_000))
  const write = async (name: string, more: object) => {
    const path = join(folder, name)
    await writeFile(
      path,
      stringify({
        name: 'tiny',
        model: { layers: 2, width: 32, heads: 2, context: 32 },
        data: { paths: [text] },
        batch: 4,
        steps: 1_000_000_000, // until it is stopped
        optimizer: { learningRate: 0.003 },
        schedule: { kind: 'constant', warmup: 10 },
        averaging: { every: 5 },
        // Killed peers are missed at once, by their broken connections; a slow machine must not seem dead.
        heartbeat: { interval: 0.2, timeout: 4 },
        evaluation: { every: 50, batches: 2 },
        checkpoint: { every: 100 },
        ...changes,
        ...more,
      }),
    )
    return path
  }
  return { folder, yaml: await write('run.yaml', {}), write }
}

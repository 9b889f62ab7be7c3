import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { random } from '../../src/core/random.ts'
import type { ExchangeFailure, Recorded } from '../../src/core/telemetry.ts'

const SWARM_BEGIN = 1_700_000_000_000

/** What the peers of a swarm record, by peer, each in order; drawn from a seed. Every exchange is told by both sides. */
export function swarmEvents(seed: string, init: { peers: number; steps: number }): Map<string, Recorded[]> {
  const draw = random(seed)
  const ids = Array.from({ length: init.peers }, (_, i) => `12D3KooWpeer${String(i).padStart(8, '0')}`)
  const logs = new Map<string, Recorded[]>(ids.map(id => [id, []]))
  const put = (by: string, time: number, event: object) => logs.get(by)!.push({ ...event, time, by } as Recorded)
  const failures: ExchangeFailure[] = ['busy', 'timed-out', 'broken']
  let time = SWARM_BEGIN
  for (const by of ids) put(by, time++, { type: 'state', state: 'training' })
  for (let step = 1; step <= init.steps; step++) {
    for (const by of draw.shuffle(ids)) {
      time += draw.integer(5)
      const loss = 5 / step + draw.next()
      put(by, time, {
        type: 'step',
        step,
        loss,
        tokens: 64 * step,
        learningRate: 0.1,
        gradientNorm: 1,
        stepMs: 9,
        wallMs: 10,
      })
      if (step % 3 === 0 && ids.length > 1) {
        const partner = draw.shuffle(ids.filter(id => id !== by))[0]!
        const outcome = draw.next() < 0.8 ? 'ok' : failures[draw.integer(failures.length)]!
        const shared = {
          type: 'exchange',
          id: `${by}-${step}`,
          shard: `shard-${step % 2}`,
          outcome,
          weight: 1,
          distance: draw.next(),
        }
        const sizes = {
          bytesSent: 100 + draw.integer(100),
          bytesReceived: 50 + draw.integer(100),
          ms: 1 + draw.integer(30),
        }
        put(by, time, { ...shared, ...sizes, role: 'initiator', partner, staleness: draw.integer(4) })
        put(partner, time, { ...shared, ...sizes, role: 'responder', partner: by, staleness: 0 })
      }
      if (step % 11 === 0) put(by, time, { type: 'warning', reason: 'odd', message: `odd ${step}` })
      if (step % 17 === 0) put(by, time, { type: 'evaluation', step, loss, tokens: 64 * step })
    }
  }
  put(ids[0]!, time + 1, { type: 'state', state: 'stopped' })
  for (const by of ids.slice(1))
    put(by, time + 2, { type: 'membership', change: 'left', peer: ids[0]!, live: ids.length - 1 })
  return logs
}

/** All of them in the order of time. */
export function merged(logs: ReadonlyMap<string, readonly Recorded[]>): Recorded[] {
  return [...logs.values()].flat().sort((one, other) => one.time - other.time)
}

/** A swarm's directory with a folder for each peer, gone when the test ends. */
export async function swarmDirectory(
  t: ExecutionContext,
  logs: ReadonlyMap<string, readonly Recorded[]>,
): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'murmur-swarm-'))
  t.teardown(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))
  for (const [i, events] of [...logs.values()].entries()) {
    const folder = join(directory, `peer-${i + 1}`)
    await mkdir(folder)
    await writeFile(join(folder, 'events.jsonl'), events.map(event => `${JSON.stringify(event)}\n`).join(''))
  }
  return directory
}

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { MurmurError } from '../../core/errors.ts'
import { median } from '../../core/median.ts'
import type { CodecId } from '../../exchange/compression/codecs.ts'
import { openBareStream } from '../../network/libp2p/bare-stream.ts'
import type { PartnerReady } from './exchange-partner.ts'
import { STILL_SHARD, stillPeer } from './still-peer.ts'

export interface ExchangeBenchmark {
  parameters: number
  /** What one bare libp2p stream moves between the same two processes. MB = 10^6 bytes. */
  bareStreamMBps: number
  float32: Goodput
  int8: Goodput
}

interface Goodput {
  /** Parameters moved, both ways, at four bytes each whatever their encoding. */
  MBps: number
  /** Of what the bare stream moves. */
  fraction: number
}

const ROUNDS = 7
const PARTNER_MS = 60_000

/** A pairwise exchange between two processes on loopback beside a bare stream: medians of interleaved rounds. */
export async function benchmarkExchange(parameters: number, signal: AbortSignal): Promise<ExchangeBenchmark> {
  await using resources = new AsyncDisposableStack()
  const bytes = 4 * parameters
  const partner = await startPartner([`${parameters}`, `${bytes}`], resources)
  const bare = await openBareStream(partner.bare, bytes)
  resources.defer(() => bare.stop())
  const exchangers = {
    float32: await openExchanger(parameters, 'float32', partner.float32, resources, signal),
    int8: await openExchanger(parameters, 'int8', partner.int8, resources, signal),
  }
  const seconds = { bare: [] as number[], float32: [] as number[], int8: [] as number[] }
  for (let round = 0; round <= ROUNDS; round++) {
    signal.throwIfAborted()
    const timed = {
      bare: await time(() => bare.send()),
      float32: await time(exchangers.float32),
      int8: await time(exchangers.int8),
    }
    if (round === 0) continue // allocates, compiles
    seconds.bare.push(timed.bare)
    seconds.float32.push(timed.float32)
    seconds.int8.push(timed.int8)
  }
  const bareStreamMBps = bytes / median(seconds.bare) / 1e6
  const goodput = (each: number[]): Goodput => {
    const MBps = (2 * bytes) / median(each) / 1e6
    return { MBps, fraction: MBps / bareStreamMBps }
  }
  return { parameters, bareStreamMBps, float32: goodput(seconds.float32), int8: goodput(seconds.int8) }
}

async function startPartner(args: string[], resources: AsyncDisposableStack): Promise<PartnerReady> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const path = fileURLToPath(new URL(`./exchange-partner.${extension}`, import.meta.url))
  const child = fork(path, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  resources.defer(() => void child.kill())
  const ended = once(child, 'exit').then(([code]) => {
    throw new MurmurError({ code: 'PEER_UNREACHABLE', message: `The other process ended with code ${code}` })
  })
  ended.catch(() => {}) // its end after the benchmark is none of our business
  const [ready] = (await Promise.race([
    once(child, 'message', { signal: AbortSignal.timeout(PARTNER_MS) }),
    ended,
  ])) as [PartnerReady]
  return ready
}

async function openExchanger(
  parameters: number,
  codec: CodecId,
  address: string,
  resources: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  const partners: string[] = []
  const { transport, averager, stop } = await stillPeer(parameters, codec, () => partners)
  resources.defer(stop)
  partners.push(await transport.dial(address, signal))
  return async () => {
    const outcome = await averager.exchange(STILL_SHARD)
    if (outcome === 'ok') return
    throw new MurmurError({ code: 'CHANNEL_BROKEN', message: `An exchange of the benchmark failed: ${outcome}` })
  }
}

async function time(task: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await task()
  return (performance.now() - start) / 1000
}

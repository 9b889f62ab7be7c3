import { createArena } from '../../core/arena.ts'
import { systemClock } from '../../core/clock.ts'
import type { ParameterHost } from '../../core/parameters.ts'
import { random } from '../../core/random.ts'
import { silentTelemetry } from '../../core/telemetry.ts'
import { addScaled } from '../../core/vector.ts'
import type { Averager } from '../../exchange/averager.ts'
import { pairwiseGossip } from '../../exchange/averaging/pairwise-gossip.ts'
import type { CodecId } from '../../exchange/compression/codecs.ts'
import { libp2pTransport } from '../../network/libp2p/transport.ts'
import type { PeerId, Transport } from '../../network/transport.ts'

export interface StillPeer {
  transport: Transport
  averager: Averager
  stop(): Promise<void>
}

export const STILL_SHARD = 'shard-0'

/** A peer that averages one shard of random parameters and never trains: what is left is the exchange. */
export async function stillPeer(
  parameters: number,
  codec: CodecId,
  partners: () => readonly PeerId[],
): Promise<StillPeer> {
  const transport = await libp2pTransport({ listen: ['/ip4/127.0.0.1/tcp/0'] })
  await transport.start()
  const averager = pairwiseGossip({ codec, timeout: 120 })({
    transport,
    parameters: stillHost(parameters, transport.id),
    shards: [{ name: STILL_SHARD, offset: 0, length: parameters }],
    run: `bench-${codec}`,
    partners,
    training: partners,
    regionOf: () => undefined,
    progress: () => 0,
    clock: systemClock,
    random: random(transport.id),
    telemetry: silentTelemetry,
  })
  await averager.start()
  return {
    transport,
    averager,
    async stop() {
      await averager.stop(AbortSignal.timeout(1000))
      await transport.stop()
    },
  }
}

function stillHost(parameters: number, seed: string): ParameterHost {
  const arena = createArena()
  const values = arena.floats(parameters)
  const stream = random(seed)
  for (let i = 0; i < parameters; i++) values[i] = 0.02 * (stream.next() - 0.5)
  const now = { step: 0 }
  return {
    allocate: length => arena.floats(length),
    async snapshot(offset, into) {
      into.set(values.subarray(offset, offset + into.length))
      return now
    },
    async apply(offset, delta, scale) {
      addScaled(values.subarray(offset, offset + delta.length), delta, scale)
      return now
    },
  }
}

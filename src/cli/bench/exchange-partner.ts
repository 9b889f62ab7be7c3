import { serveBareStream } from '../../network/libp2p/bare-stream.ts'
import { stillPeer } from './still-peer.ts'

/** The other process of `murmur bench exchange`; `exchange.ts` forks it. Ends with its parent. */
export interface PartnerReady {
  bare: string
  float32: string
  int8: string
}

const parameters = Number(process.argv[2])
const bytes = Number(process.argv[3])
const bare = await serveBareStream(bytes)
const [float32, int8] = await Promise.all([
  stillPeer(parameters, 'float32', () => []),
  stillPeer(parameters, 'int8', () => []),
])
process.once('disconnect', () => process.exit())
process.send?.({
  bare: bare.address,
  float32: float32.transport.addresses()[0]!,
  int8: int8.transport.addresses()[0]!,
} satisfies PartnerReady)

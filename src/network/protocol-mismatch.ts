import { MurmurError } from '../core/errors.ts'
import type { PeerId } from './transport.ts'

/**
 * The other side does not answer a protocol such as `/murmuration/average/1.0.0`.
 * @param spoken what it does answer: another version of the same protocol is named in the message
 */
export function protocolMismatch(peer: PeerId, protocol: string, spoken: readonly string[]): MurmurError {
  const family = protocol.slice(0, protocol.lastIndexOf('/') + 1)
  const others = spoken.filter(each => each.startsWith(family) && each !== protocol)
  return new MurmurError({
    code: 'PROTOCOL_MISMATCH',
    message:
      others.length > 0
        ? `Peer ${peer} speaks ${others.join(', ')}, this peer speaks ${protocol}: one of them needs an update`
        : `Peer ${peer} does not speak ${protocol}`,
    details: { peer, protocol, spoken: others },
  })
}

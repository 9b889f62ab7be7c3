import { peerIdFromString } from '@libp2p/peer-id'
import { isPrivate } from '@libp2p/utils'
import { CODE_P2P, CODE_P2P_CIRCUIT, type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { MurmurError } from '../../core/errors.ts'

/** Addresses kept of one peer, at most, and characters of each: what others claim must not fill the memory. */
export const MAX_ADDRESSES = 8
export const MAX_ADDRESS_LENGTH = 256

/**
 * Parses an address that names its peer, as printed in an invitation: `/ip4/192.0.2.1/tcp/4001/p2p/12D3Koo...`.
 * @throws MurmurError `INVITATION_MALFORMED`
 */
export function parseInvitation(text: string): { address: Multiaddr; peer: string } {
  const address = tryParse(text)
  const peer = address && peerOf(address)
  if (!address || !peer) {
    throw new MurmurError({
      code: 'INVITATION_MALFORMED',
      message: `Expected an address such as /ip4/192.0.2.1/tcp/4001/p2p/12D3Koo..., got ${JSON.stringify(text.slice(0, MAX_ADDRESS_LENGTH))}${address ? ', which names no peer' : ''}`,
      details: { address: text.slice(0, MAX_ADDRESS_LENGTH) },
    })
  }
  return { address, peer }
}

/**
 * Checks an address that this peer listens on or announces.
 * @throws MurmurError `USAGE`
 */
export function parseOwnAddress(text: string, option: 'listen' | 'announce'): Multiaddr {
  const address = tryParse(text)
  if (!address) {
    throw new MurmurError({
      code: 'USAGE',
      message: `Expected \`${option}\` to be addresses such as /ip4/0.0.0.0/tcp/4001, got ${JSON.stringify(text)}`,
      details: { option, value: text },
    })
  }
  return address
}

/** What of a remote's claim can be used as its addresses: well-formed, naming it or nobody, few. */
export function usableAddresses(peer: string, texts: readonly string[]): Multiaddr[] {
  const usable: Multiaddr[] = []
  for (const text of texts.slice(0, MAX_ADDRESSES)) {
    const address = tryParse(text)
    if (!address) continue
    const named = peerOf(address)
    if (named === undefined && !isRelayed(address)) usable.push(address.encapsulate(`/p2p/${peer}`))
    else if (named === peer) usable.push(address)
  }
  return usable
}

/** Those that reach furthest first: public, private network, this machine, by relay. */
export function furthestFirst(addresses: readonly Multiaddr[]): Multiaddr[] {
  return addresses.toSorted((a, b) => nearness(a) - nearness(b))
}

function nearness(address: Multiaddr): number {
  if (isRelayed(address)) return 3
  const host = address.getComponents()[0]
  if (host?.value?.startsWith('127.') || host?.value === '::1') return 2
  return isPrivate(address) ? 1 : 0
}

function isRelayed(address: Multiaddr): boolean {
  return address.getComponents().some(component => component.code === CODE_P2P_CIRCUIT)
}

/** The peer at the far end: the last one named, and none if that is only the relay. */
function peerOf(address: Multiaddr): string | undefined {
  const last = address.getComponents().at(-1)
  return last?.code === CODE_P2P && last.value !== undefined && isPeerId(last.value) ? last.value : undefined
}

function isPeerId(text: string): boolean {
  try {
    peerIdFromString(text)
    return true
  } catch {
    return false
  }
}

function tryParse(text: string): Multiaddr | undefined {
  if (text.length > MAX_ADDRESS_LENGTH) return undefined
  try {
    const address = multiaddr(text)
    return address.getComponents().length > 0 ? address : undefined
  } catch {
    return undefined
  }
}

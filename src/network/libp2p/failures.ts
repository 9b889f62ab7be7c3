import { MurmurError } from '../../core/errors.ts'

/** A failed listen as one line. libp2p reports all addresses in one long text. */
export function listenFailure(addresses: readonly string[], error: unknown): unknown {
  const text = messageOf(error)
  const reason = /EADDRINUSE/.test(text)
    ? 'is already in use'
    : /EADDRNOTAVAIL/.test(text)
      ? 'is not an address of this machine'
      : /EACCES/.test(text)
        ? 'needs more rights than this process has'
        : undefined
  if (!reason) return error
  // The operating system names the one address that failed as `1.2.3.4:5`.
  const socket = /E[A-Z]+:? [a-z ]*(\S+:\d+)/.exec(text)?.[1]
  const port = socket?.split(':').at(-1)
  const address = addresses.find(each => port !== undefined && each.split('/').includes(port)) ?? addresses.join(', ')
  return new MurmurError({
    code: 'PORT_IN_USE',
    message: `The listen address ${address} ${reason}`,
    details: { address },
    cause: error,
  })
}

/** Why nobody could be reached, as one line: what was tried and what happened. */
export function dialFailure(whom: string, error: unknown): MurmurError {
  return new MurmurError({
    code: 'PEER_UNREACHABLE',
    message: `Cannot reach ${whom}: ${dialReason(error)}`,
    details: { address: whom, reason: dialReason(error) },
    cause: error,
  })
}

function dialReason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map(dialReason))].join('; ')
  }
  const name = error instanceof Error ? error.name : ''
  const text = messageOf(error)
  if (name === 'UnexpectedPeerError' || /match|expected peer|Payload identity/i.test(text)) {
    return 'another peer than the one named answered there'
  }
  if (name === 'NoValidAddressesError' || /no valid addresses/i.test(text)) return 'no address of it is known'
  if (/ECONNREFUSED/.test(text)) return 'connection refused'
  if (/EHOSTUNREACH|ENETUNREACH/.test(text)) return 'no route to that host'
  if (/ENOTFOUND|EAI_AGAIN/.test(text)) return 'no such host'
  if (/self/.test(text)) return 'that is this peer itself'
  if (name === 'TimeoutError' || name === 'AbortError' || /ETIMEDOUT|aborted|timed out/i.test(text)) {
    return 'no answer in time'
  }
  if (/ECONNRESET|EPIPE|unexpected end/i.test(text)) return 'the connection was closed during the handshake'
  return text.split('\n')[0] ?? text
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** Whether a request may be answered. */
type Verdict =
  | { allowed: true }
  /** The link's token was right: it becomes a cookie, and the address bar is rid of it. */
  | { allowed: true; setCookie: string }
  | { allowed: false; status: 401 | 403; code: 'TOKEN_NEEDED' | 'HOST_REFUSED' | 'CROSS_SITE'; message: string }

export interface Access {
  judge(request: IncomingMessage, url: URL): Verdict
}

/** Whether an address or name to listen on reaches no other machine. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  if (isIP(name) === 4) return name.startsWith('127.')
  return name === '::1' || name.startsWith('::ffff:127.')
}

/**
 * On loopback anybody on this machine may look, and a page of another site must not: its requests carry its own name as
 * their `Host` (DNS rebinding), or say that they come from another site.
 */
export function loopbackAccess(): Access {
  return {
    judge(request) {
      const host = hostName(request.headers.host)
      if (host === undefined || !isLoopback(host)) {
        const message = 'Expected a Host header that names this machine, such as localhost: open the printed address'
        return { allowed: false, status: 403, code: 'HOST_REFUSED', message }
      }
      return crossSite(request) ?? { allowed: true }
    },
  }
}

/** Elsewhere whoever looks must know the token: from the printed link, as a cookie, or as `Authorization: Bearer`. */
export function tokenAccess(token: string, port: () => number): Access {
  const expected = digest(token)
  const matches = (given: string | null | undefined) =>
    given !== null && given !== undefined && timingSafeEqual(digest(given), expected)
  return {
    judge(request, url) {
      const name = `murmur-${port()}`
      const known = matches(cookie(request, name)) || matches(bearer(request))
      const linked = matches(url.searchParams.get('token'))
      if (known && !linked) return crossSite(request) ?? { allowed: true }
      if (linked) return { allowed: true, setCookie: `${name}=${token}; HttpOnly; SameSite=Strict; Path=/` }
      return {
        allowed: false,
        status: 401,
        code: 'TOKEN_NEEDED',
        message: 'Expected a token: open the link that murmur printed, or send it as Authorization: Bearer <token>',
      }
    },
  }
}

/** Browsers say where a request comes from; a page of another site may link here, not read from here. */
function crossSite({ headers }: IncomingMessage): Verdict | undefined {
  const foreign = headers['sec-fetch-site'] === 'cross-site' && headers['sec-fetch-mode'] !== 'navigate'
  if (!foreign) return undefined
  return { allowed: false, status: 403, code: 'CROSS_SITE', message: 'Refused: the request comes from another site' }
}

function hostName(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  return /^(\[[0-9a-f:.]+\]|[^:[\]/@\s]+)(?::\d{1,5})?$/i.exec(header)?.[1]
}

/** Of equal length, whatever was sent: comparing takes the same time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function cookie({ headers }: IncomingMessage, name: string): string | undefined {
  const pairs = (headers.cookie ?? '').split(';').map(pair => pair.trim())
  return pairs.find(pair => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}

function bearer({ headers }: IncomingMessage): string | undefined {
  return /^Bearer ([\w-]+)$/i.exec(headers.authorization ?? '')?.[1]
}

import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { ApiError } from '../api/stream.ts'

const brotli = promisify(brotliCompress)
const zip = promisify(gzip)

/** Sent with everything: nothing here may be framed, guessed at, or reach another site. */
const COMMON = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const

/** Bytes below which compression costs more than it saves. */
const COMPRESS_FROM = 1024

export interface Answer {
  status?: number
  type: string
  body: string | Buffer
  /** @default no-store: the next answer may be another */
  cache?: string
  headers?: Readonly<Record<string, string>>
}

export function commonHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(COMMON)) response.setHeader(name, value)
}

/** Sends a whole answer, compressed where the reader takes it; 304 where the reader has it already. */
export async function send(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  const { status = 200, type, cache = 'no-store', headers = {} } = answer
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body
  response.setHeader('content-type', type)
  response.setHeader('cache-control', cache)
  response.setHeader('vary', 'accept-encoding')
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (cache !== 'no-store') {
    const tag = `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
    response.setHeader('etag', tag)
    if (request.headers['if-none-match'] === tag) {
      response.writeHead(304).end()
      return
    }
  }
  const { encoding, bytes } = await compress(request, type, body)
  if (encoding) response.setHeader('content-encoding', encoding)
  response.setHeader('content-length', bytes.length)
  response.writeHead(status)
  response.end(request.method === 'HEAD' ? undefined : bytes)
}

export function json(value: unknown): Answer {
  return { type: 'application/json; charset=utf-8', body: JSON.stringify(value) }
}

export function failure(status: number, code: string, message: string): Answer {
  const body: ApiError = { error: { code, message } }
  return { ...json(body), status }
}

async function compress(
  request: IncomingMessage,
  type: string,
  body: Buffer,
): Promise<{ encoding?: string; bytes: Buffer }> {
  const accepted = String(request.headers['accept-encoding'] ?? '')
  if (body.length < COMPRESS_FROM || !/^(text|application)\/|svg/.test(type)) return { bytes: body }
  // The quality that compresses JSON as fast as it is written.
  if (/\bbr\b/.test(accepted)) {
    return { encoding: 'br', bytes: await brotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }) }
  }
  return /\bgzip\b/.test(accepted) ? { encoding: 'gzip', bytes: await zip(body) } : { bytes: body }
}

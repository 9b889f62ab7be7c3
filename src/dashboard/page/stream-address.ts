export interface StreamInit {
  /** Where to play from; undefined follows the end. */
  at?: number
  speed?: number
}

/**
 * Where to listen. Pure.
 * @param last the id of the latest message, empty before the first one; a replay's begin with `replay`
 */
export function streamAddress({ at, speed }: StreamInit, last: string): string {
  const plays = at !== undefined && speed !== undefined && (last === '' || last.startsWith('replay.'))
  if (plays) return `/api/stream?${new URLSearchParams({ at: String(Math.round(at)), speed: String(speed) })}`
  return last === '' ? '/api/stream' : `/api/stream?${new URLSearchParams({ since: last })}`
}

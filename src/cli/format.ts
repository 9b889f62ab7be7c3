import prettyBytes from 'pretty-bytes'
import prettyMilliseconds from 'pretty-ms'

/** How numbers are written for people. */

export function formatBytes(bytes: number): string {
  return prettyBytes(bytes)
}

/** The two greatest units: "1m 5s". */
export function formatDuration(ms: number): string {
  return prettyMilliseconds(Math.round(ms), { unitCount: 2, secondsDecimalDigits: ms < 10_000 ? 1 : 0 })
}

/** 950, 12.3k, 4.56M */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (Math.abs(value) < 1000) return String(Math.round(value))
  const [scaled, unit] =
    Math.abs(value) < 999_500 ? [value / 1e3, 'k'] : Math.abs(value) < 999.5e6 ? [value / 1e6, 'M'] : [value / 1e9, 'G']
  return `${scaled.toPrecision(3)}${unit}`
}

export function formatLoss(loss: number): string {
  return loss.toFixed(4)
}

/** ", accuracy 0.9123": what follows a loss; nothing where there are no metrics. */
export function formatMetrics(metrics: Readonly<Record<string, number>> = {}): string {
  return Object.entries(metrics)
    .map(([name, value]) => `, ${name} ${Number(value.toPrecision(4))}`)
    .join('')
}

export function formatPercent(fraction: number): string {
  return `${Math.round(fraction * 100)}%`
}

/** The end of a peer id, which is what tells it from others: all Ed25519 ids begin alike. */
export function shortPeer(peer: string): string {
  return peer.length > 12 ? `…${peer.slice(-6)}` : peer
}

/** Keys that choose among variants, whose other keys then mean something else. */
const CHOOSERS = ['kind', 'algorithm', 'policy']

/**
 * A mapping with another's keys over it, at every depth. Where the other one chooses another variant, such as another
 * averaging algorithm, it stands alone. Pure.
 */
export function merged(base: unknown, over: unknown): unknown {
  if (over === undefined) return base
  if (!isMapping(base) || !isMapping(over)) return over
  if (CHOOSERS.some(key => over[key] !== undefined && over[key] !== base[key])) return over
  const keys = new Set([...Object.keys(base), ...Object.keys(over)])
  return Object.fromEntries([...keys].map(key => [key, merged(base[key], over[key])]))
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

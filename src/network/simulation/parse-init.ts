import type { z } from 'zod'
import { MurmurError } from '../../core/errors.ts'

/**
 * What the schema makes of a value that a person wrote.
 * @param place what the value is in, such as `links`
 * @throws MurmurError `SPECIFICATION_INVALID` that names the key
 */
export function parseInit<S extends z.ZodType>(schema: S, value: unknown, place: string): z.output<S> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  const path = [place, ...issue.path.map(String)]
  if (issue.code === 'unrecognized_keys') path.push(issue.keys[0]!)
  const key = path.join('.')
  throw new MurmurError({
    code: 'SPECIFICATION_INVALID',
    message: `Wrong \`${key}\`: ${issue.message}, got ${JSON.stringify(valueAt(value, path.slice(1))) ?? 'nothing'}`,
    details: { key },
  })
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined
    at = Reflect.get(at, key)
  }
  return at
}

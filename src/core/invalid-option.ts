import { MurmurError } from './errors.ts'

/** An option out of its range: "Expected `every` to be an integer >= 1, got 0". */
export function invalidOption(key: string, expected: string, value: unknown): MurmurError {
  return new MurmurError({
    code: 'SPECIFICATION_INVALID',
    message: `Expected \`${key}\` to be ${expected}, got ${value}`,
    details: { key, value, expected },
  })
}

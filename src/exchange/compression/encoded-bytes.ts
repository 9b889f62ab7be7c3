import { MurmurError } from '../../core/errors.ts'

export function notFinite(at: number): MurmurError {
  return new MurmurError({ code: 'VALUES_INVALID', message: `Expected finite values, got NaN or infinity at ${at}` })
}

export function tooLong(expected: number): MurmurError {
  return new MurmurError({ code: 'MESSAGE_INVALID', message: `Expected ${expected} encoded bytes, got more` })
}

export function tooShort(received: number, expected: number): MurmurError {
  return new MurmurError({
    code: 'MESSAGE_INVALID',
    message: `Expected ${expected} encoded bytes, got ${received}`,
  })
}

/** The wire is little-endian and so are the typed arrays that go onto it untouched. */
export function requireLittleEndian(): void {
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1) return
  throw new MurmurError({ code: 'BACKEND_UNAVAILABLE', message: 'Big-endian machines are not supported' })
}

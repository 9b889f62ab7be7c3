import { MurmurError } from '../../core/errors.ts'

/**
 * Largest distance of a partner's parameters, in multiples of one's own size. Unrelated models of one size are 1.4 apart;
 * beyond this it is no model of the run but damage, by accident or by intent, that one step could not survive.
 */
const MOST_RELATIVE_DISTANCE = 10

/**
 * @param source whose they are: `peer 12D3...`
 * @param distance root mean square of the difference over the shard
 * @param size root mean square of the own parameters; 0 before training gave them any
 * @throws MurmurError `MESSAGE_INVALID`
 */
export function requirePlausible(source: string, distance: number, size: number): void {
  if (size === 0 || distance <= MOST_RELATIVE_DISTANCE * size) return
  throw new MurmurError({
    code: 'MESSAGE_INVALID',
    message: `Expected from ${source} parameters within ${MOST_RELATIVE_DISTANCE} times the size of our own, got ${(distance / size).toPrecision(3)} times`,
    details: { source, distance, size },
  })
}

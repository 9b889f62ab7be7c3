import { addScaled } from '../../core/vector.ts'
import type { CodecId } from '../compression/codecs.ts'
import { decodeAsReceived, wireFormat } from '../compression/wire-format.ts'
import type { Meeting } from './meeting.ts'

/**
 * The members' mean in place of `values`, by ring all-reduce (Patarasuk and Yuan 2009): each of n chunks goes once around
 * to be summed and once more to be told. Every member ends with the same bits: the owner of a chunk decodes what it sends.
 * A member sends 2 (n-1)/n of the vector's bytes.
 * @param scratch at least as long as the longest chunk, ceil(length / n)
 */
export async function ringMean(
  meeting: Meeting,
  values: Float32Array,
  scratch: Float32Array,
  codec: CodecId,
): Promise<void> {
  const { members, self } = meeting
  const n = members.length
  if (n < 2) return
  const format = wireFormat(codec)
  const rank = members.indexOf(self)
  const next = members[(rank + 1) % n]!
  const previous = members[(rank + n - 1) % n]!
  const size = Math.ceil(values.length / n)
  const chunk = (index: number) => {
    const start = ((index % n) + n) % n
    return values.subarray(Math.min(start * size, values.length), Math.min((start + 1) * size, values.length))
  }
  for (let s = 0; s < n - 1; s++) {
    const mine = chunk(rank - s - 1)
    const received = scratch.subarray(0, mine.length)
    await meeting.all([
      meeting.send(next, `sum-${s}`, chunk(rank - s), format),
      meeting.receive(previous, `sum-${s}`, received, format),
    ])
    addScaled(mine, received, 1)
  }
  const own = chunk(rank + 1)
  for (let i = 0; i < own.length; i++) own[i] = own[i]! / n
  decodeAsReceived(format, own, own)
  for (let s = 0; s < n - 1; s++) {
    await meeting.all([
      meeting.send(next, `mean-${s}`, chunk(rank + 1 - s), format),
      meeting.receive(previous, `mean-${s}`, chunk(rank - s), format),
    ])
  }
}

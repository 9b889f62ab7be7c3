import type { Codec } from './codec.ts'
import { float32 } from './float32.ts'
import { int8 } from './int8.ts'

/** Names on the wire and in run.yaml. */
export type CodecId = 'float32' | 'int8'

export const codecs = { float32, int8 } satisfies Record<CodecId, Codec>

export function isCodecId(name: string): name is CodecId {
  return Object.hasOwn(codecs, name)
}

import type { Codec } from './codec.ts'
import { float16 } from './float16.ts'
import { float32 } from './float32.ts'
import { int4 } from './int4.ts'
import { int8 } from './int8.ts'

/** Names on the wire and in run.yaml. */
export type CodecId = 'float32' | 'float16' | 'int8' | 'int4'

export const codecs = { float32, float16, int8, int4 } satisfies Record<CodecId, Codec>

export function isCodecId(name: string): name is CodecId {
  return Object.hasOwn(codecs, name)
}

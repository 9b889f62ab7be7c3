import { type CodecId, codecs } from './codecs.ts'

/** Makes values what their receiver will decode: encoded again, they give the same bytes. @throws MurmurError `VALUES_INVALID` */
export function asDecoded(codec: CodecId, values: Float32Array): void {
  const encoded = [...codecs[codec].encode(values)]
  const decoder = codecs[codec].decoder(values)
  for (const bytes of encoded) decoder.write(bytes)
  decoder.end()
}

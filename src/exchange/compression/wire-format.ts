import type { Encoding } from './codec.ts'
import { type CodecId, codecs } from './codecs.ts'

/** An encoding and the name by which two peers know that they mean the same one, its settings included. */
export interface WireFormat {
  /** At most 64 characters. */
  readonly name: string
  readonly encoding: Encoding
}

export function wireFormat(id: CodecId): WireFormat {
  return { name: id, encoding: codecs[id] }
}

/** Fills `into`, which may be `values`, with what a receiver of `values` decodes. @throws MurmurError `VALUES_INVALID` */
export function decodeAsReceived({ encoding }: WireFormat, values: Float32Array, into: Float32Array): void {
  const decoder = encoding.decoder(into)
  for (const chunk of encoding.encode(values)) decoder.write(chunk)
  decoder.end()
}

/**
 * Encodes now what is sent to several: the format that comes back hands out these bytes, whatever it is given, and `into`,
 * which may be `values`, becomes what its receivers decode.
 * @throws MurmurError `VALUES_INVALID`
 */
export function encodeOnce({ name, encoding }: WireFormat, values: Float32Array, into: Float32Array): WireFormat {
  const chunks = [...encoding.encode(values)]
  const decoder = encoding.decoder(into)
  for (const chunk of chunks) decoder.write(chunk)
  decoder.end()
  return {
    name,
    encoding: {
      encodedLength: count => encoding.encodedLength(count),
      *encode() {
        yield* chunks
      },
      decoder: target => encoding.decoder(target),
    },
  }
}

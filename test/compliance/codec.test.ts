import { codecs } from '../../src/exchange/compression/codecs.ts'
import { createDeltaCodec } from '../../src/exchange/compression/delta-codecs.ts'
import { codecSuite, deltaCodecSuite } from './codec.ts'

codecSuite('float32', codecs.float32, { bytesPerValue: 4 })
codecSuite('int8', codecs.int8, { bytesPerValue: 1.016 })
codecSuite('float16', codecs.float16, { bytesPerValue: 2.016 })
codecSuite('int4', codecs.int4, { bytesPerValue: 0.5625 })

// Of normal values the tenth of largest magnitude holds 44% of the squared norm (2 t phi(t) + 0.1, at t = 1.645).
const tenth = { fraction: 0.1, values: 'float32' } as const
deltaCodecSuite('top-k', createDeltaCodec({ codec: 'top-k', ...tenth }), { bytesPerValue: 0.467, left: 0.57 })
deltaCodecSuite('random-k', createDeltaCodec({ codec: 'random-k', ...tenth, seed: 1 }), {
  bytesPerValue: 0.4,
  left: 0.92,
})
deltaCodecSuite('top-k, int8', createDeltaCodec({ codec: 'top-k', fraction: 0.01 }), {
  bytesPerValue: 0.0211,
  left: 0.92,
})
deltaCodecSuite(
  'random-k of all, int4',
  createDeltaCodec({ codec: 'random-k', fraction: 1, values: 'int4', seed: 1 }),
  {
    bytesPerValue: 0.5625,
    left: 0.02,
  },
)

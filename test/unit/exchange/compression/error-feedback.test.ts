import test from 'ava'
import { random } from '../../../../src/core/random.ts'
import { sumOfSquares } from '../../../../src/core/vector.ts'
import type { Encoding } from '../../../../src/exchange/compression/codec.ts'
import { codecs } from '../../../../src/exchange/compression/codecs.ts'
import { createDeltaCodec } from '../../../../src/exchange/compression/delta-codecs.ts'
import { errorFeedback } from '../../../../src/exchange/compression/error-feedback.ts'

const LENGTH = 2000

/** By message, for the seed of random-k. */
const encodings: Record<string, (message: number) => Encoding> = {
  float32: () => codecs.float32,
  float16: () => codecs.float16,
  int8: () => codecs.int8,
  int4: () => codecs.int4,
  'top-k': () => createDeltaCodec({ codec: 'top-k', fraction: 0.01 }),
  'random-k': message => createDeltaCodec({ codec: 'random-k', fraction: 0.05, seed: message }),
}

function normals(name: string): () => Float32Array {
  const stream = random(name)
  return () => Float32Array.from({ length: LENGTH }, () => stream.normal())
}

for (const [name, encoding] of Object.entries(encodings)) {
  test(`${name}: what was sent and the residual add up to what was given`, t => {
    const feedback = errorFeedback({ length: LENGTH })
    const next = normals(name)
    const sent = new Float32Array(LENGTH)
    const [given, arrived] = [new Float64Array(LENGTH), new Float64Array(LENGTH)]
    for (let message = 0; message < 200; message++) {
      const delta = next()
      const chunks = [...feedback.compress(encoding(message), delta, sent)]
      const decoded = new Float32Array(LENGTH)
      const decoder = encoding(message).decoder(decoded)
      for (const chunk of chunks) decoder.write(chunk)
      decoder.end()
      t.deepEqual(decoded, sent)
      for (let i = 0; i < LENGTH; i++) {
        given[i]! += delta[i]!
        arrived[i]! += sent[i]!
      }
    }
    const worst = given.findIndex((value, i) => !(Math.abs(value - arrived[i]! - feedback.residual[i]!) < 1e-4))
    t.is(worst, -1, `${given[worst]} given, ${arrived[worst]} arrived, ${feedback.residual[worst]} left`)
  })
}

test('a biased encoding arrives in the end: the residual of a constant delta stays bounded', t => {
  const feedback = errorFeedback({ length: LENGTH })
  const delta = normals('constant')()
  const sent = new Float32Array(LENGTH)
  const sizes: number[] = []
  for (let message = 0; message < 1000; message++) {
    for (const _ of feedback.compress(createDeltaCodec({ codec: 'top-k', fraction: 0.02 }), delta, sent));
    sizes.push(Math.sqrt(sumOfSquares(feedback.residual as Float32Array)))
  }
  t.true(sizes[999]! < 1.05 * sizes[499]!)
})

test('decay forgets a part of the residual with every message', t => {
  const feedback = errorFeedback({ length: 2, decay: 0.5 })
  const codec = createDeltaCodec({ codec: 'top-k', fraction: 0.5, values: 'float32' })
  const sent = new Float32Array(2)
  Array.from(feedback.compress(codec, Float32Array.of(4, 3), sent))
  t.deepEqual([...sent, ...feedback.residual], [4, 0, 0, 3])
  Array.from(feedback.compress(codec, Float32Array.of(1, 0), sent))
  t.deepEqual([...sent, ...feedback.residual], [0, 1.5, 1, 0])
})

test('what did not arrive is sent again', t => {
  const feedback = errorFeedback({ length: 3 })
  const sent = new Float32Array(3)
  Array.from(feedback.compress(codecs.float32, Float32Array.of(1, 2, 3), sent))
  feedback.returned(sent)
  Array.from(feedback.compress(codecs.float32, Float32Array.of(1, 1, 1), sent))
  t.deepEqual([...sent], [2, 3, 4])
})

test('a message that fails or is given up changes nothing', t => {
  const feedback = errorFeedback({ length: 40_000 })
  const codec = createDeltaCodec({ codec: 'top-k', fraction: 0.5, values: 'float32' })
  const sent = new Float32Array(40_000)
  Array.from(
    feedback.compress(
      codec,
      Float32Array.from({ length: 40_000 }, (_, i) => i),
      sent,
    ),
  )
  const before = feedback.residual.slice()
  t.throws(() => Array.from(feedback.compress(codec, new Float32Array(40_000).fill(Number.NaN), sent)), {
    code: 'VALUES_INVALID',
  })
  const message = feedback.compress(codec, new Float32Array(40_000).fill(1), sent)
  message.next()
  message.return(undefined)
  t.deepEqual(feedback.residual, before)
})

test('the decay is checked', t => {
  t.throws(() => errorFeedback({ length: 1, decay: 1.5 }), {
    message: 'Expected `decay` to be a number >= 0 and <= 1, got 1.5',
  })
})

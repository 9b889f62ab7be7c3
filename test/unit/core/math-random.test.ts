import test from 'ava'
import { withMathRandom } from '../../../src/core/math-random.ts'
import { random } from '../../../src/core/random.ts'

test.serial('Math.random follows the stream while the task runs, and is what it was afterwards, come what may', t => {
  const original = Math.random
  const draw = () => withMathRandom(random('draws'), () => [Math.random(), Math.random()])
  const stream = random('draws')
  t.deepEqual(draw(), [stream.next(), stream.next()])
  t.deepEqual(draw(), draw())
  t.throws(() =>
    withMathRandom(random('draws'), () => {
      throw new Error('a fault of the task')
    }),
  )
  t.is(Math.random, original)
})

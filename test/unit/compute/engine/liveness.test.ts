import test from 'ava'
import { GraphBuilder } from '../../../../src/compute/engine/builder.ts'
import type { Value } from '../../../../src/compute/engine/graph.ts'
import { activationBytes } from '../../../../src/compute/engine/liveness.ts'

/** Of a graph on x: float32[25], 100 bytes. */
function bytes(body: (build: GraphBuilder, x: Value) => Value): number {
  const build = new GraphBuilder()
  const x = build.input('x', { shape: [25], dtype: 'float32' })
  return activationBytes(build.finish(new Map([['y', body(build, x)]])))
}

test('inputs, constants and outputs do not count', t => {
  t.is(
    bytes((build, x) => build.add('Add', [x, build.fill(1, x)])),
    0,
  )
})

test('a chain needs two values at once, however long it is', t => {
  const chain = (length: number) =>
    bytes((build, x) => {
      let value = x
      for (let i = 0; i < length; i++) value = build.add('Exp', [value])
      return value
    })
  t.is(chain(2), 100)
  t.is(chain(3), 200)
  t.is(chain(9), 200)
})

test('a value that is read late lives until then', t => {
  t.is(
    bytes((build, x) => {
      const early = build.add('Exp', [x])
      const far = build.add('Exp', [build.add('Exp', [build.add('Exp', [early])])])
      return build.add('Add', [early, far])
    }),
    300,
  )
})

test('another shape is the same memory', t => {
  t.is(
    bytes((build, x) => {
      const early = build.add('Exp', [x])
      const again = build.reshape(early, [5, 5])
      const late = build.reshape(build.add('Exp', [build.add('Exp', [again])]), [25])
      return build.add('Add', [build.reshape(again, [25]), late])
    }),
    300,
  )
})

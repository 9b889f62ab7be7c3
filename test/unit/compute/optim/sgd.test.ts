import test from 'ava'
import { sgd } from '../../../../src/compute/optim/sgd.ts'

test('without momentum a step is the gradient times the rate, and there is no state', t => {
  const optimizer = sgd({ momentum: 0 })
  const parameters = Float32Array.of(1, 2)
  optimizer.update(parameters, Float32Array.of(2, -4), [], 0.25, 0)
  t.deepEqual(optimizer.state, [])
  t.deepEqual([...parameters], [0.5, 3])
})

test('with a constant gradient the velocity is a geometric sum', t => {
  const optimizer = sgd({ momentum: 0.5 })
  t.deepEqual(optimizer.state, ['momentum'])
  const parameters = Float32Array.of(0)
  const velocity = Float32Array.of(0)
  for (let age = 0; age < 4; age++) optimizer.update(parameters, Float32Array.of(1), [velocity], 1, age)
  t.is(velocity[0], 1 + 0.5 + 0.25 + 0.125)
  t.is(parameters[0], -(1 + 1.5 + 1.75 + 1.875))
})

test('the learning rate of a step does not linger in the velocity', t => {
  const optimizer = sgd({ momentum: 0.5 })
  const [parameters, velocity] = [Float32Array.of(0), Float32Array.of(0)]
  optimizer.update(parameters, Float32Array.of(1), [velocity], 100, 0)
  t.is(velocity[0], 1)
  optimizer.update(parameters, Float32Array.of(0), [velocity], 0, 1)
  t.is(parameters[0], -100)
})

test('momentum is 0.9 by default and validated', t => {
  const velocity = Float32Array.of(1)
  sgd().update(Float32Array.of(0), Float32Array.of(0), [velocity], 1, 0)
  t.is(velocity[0], Math.fround(0.9))
  t.throws(() => sgd({ momentum: 1 }), { message: 'Expected `momentum` to be in [0, 1), got 1' })
})

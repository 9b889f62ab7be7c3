import test from 'ava'
import { dirichlet, logGammaVariate } from '../../../src/core/dirichlet.ts'
import { random } from '../../../src/core/random.ts'

const DRAWS = 40_000

function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return { mean, variance }
}

for (const shape of [0.1, 0.5, 1, 10]) {
  test(`gamma variates of shape ${shape} have that mean and that variance`, t => {
    const stream = random(`gamma ${shape}`)
    const { mean, variance } = moments(Array.from({ length: DRAWS }, () => Math.exp(logGammaVariate(stream, shape))))
    // Five standard deviations of each estimate: the fourth central moment is 3 shape^2 + 6 shape.
    t.true(Math.abs(mean - shape) < 5 * Math.sqrt(shape / DRAWS), `${mean}`)
    t.true(Math.abs(variance - shape) < 5 * Math.sqrt((2 * shape ** 2 + 6 * shape) / DRAWS), `${variance}`)
  })
}

test('a gamma variate of a small shape has a logarithm where it is too small for a number', t => {
  const stream = random('small')
  const logs = Array.from({ length: 4000 }, () => logGammaVariate(stream, 0.001))
  t.true(logs.every(Number.isFinite))
  // P(X < x) is x^shape to within a thousandth: here 0.5.
  const below = logs.filter(log => log < -1000 * Math.LN2).length
  t.true(Math.abs(below / logs.length - 0.5) < 5 * Math.sqrt(0.25 / logs.length), `${below}`)
  t.true(logs.filter(log => Math.exp(log) === 0).length > 1000)
})

for (const alpha of [0.1, 1, 10]) {
  test(`dirichlet proportions of alpha ${alpha} have the mean and the variance of the distribution`, t => {
    const n = 5
    const stream = random(`dirichlet ${alpha}`)
    const draws = Array.from({ length: DRAWS / 4 }, () => dirichlet(stream, alpha, n))
    // Var p_i = (1/n)(1 - 1/n) / (n alpha + 1).
    const expected = ((1 / n) * (1 - 1 / n)) / (n * alpha + 1)
    for (let i = 0; i < n; i++) {
      const { mean, variance } = moments(draws.map(draw => draw[i]!))
      t.true(Math.abs(mean - 1 / n) < 5 * Math.sqrt(expected / draws.length), `${mean}`)
      t.true(Math.abs(variance / expected - 1) < 0.1, `${variance}`)
    }
  })
}

test('proportions are in [0, 1] and sum to 1 for every alpha', t => {
  for (const alpha of [5e-324, 1e-300, 1e-6, 0.01, 0.1, 1, 100, 1e6]) {
    for (const n of [1, 2, 1000]) {
      const draw = dirichlet(random(`${alpha} ${n}`), alpha, n)
      t.is(draw.length, n)
      t.true(
        draw.every(share => share >= 0 && share <= 1),
        `${alpha}`,
      )
      t.true(Math.abs(draw.reduce((sum, share) => sum + share, 0) - 1) < 1e-12, `${alpha}`)
    }
  }
})

test('a small alpha gives nearly all to one, a large one the same to all', t => {
  const stream = random('extremes')
  const largest = Array.from({ length: 200 }, () => Math.max(...dirichlet(stream, 0.001, 10)))
  t.true(largest.filter(share => share > 0.99).length > 180)
  for (let i = 0; i < 20; i++) {
    t.true(dirichlet(stream, 1e6, 10).every(share => Math.abs(share - 0.1) < 0.001))
  }
})

test('the stream alone decides', t => {
  t.deepEqual(dirichlet(random('a'), 0.1, 4), dirichlet(random('a'), 0.1, 4))
  t.notDeepEqual(dirichlet(random('a'), 0.1, 4), dirichlet(random('b'), 0.1, 4))
})

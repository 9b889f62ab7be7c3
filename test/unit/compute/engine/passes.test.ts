import test from 'ava'
import { GraphBuilder } from '../../../../src/compute/engine/builder.ts'
import { type Graph, uniformValue, type Value } from '../../../../src/compute/engine/graph.ts'
import { optimize } from '../../../../src/compute/engine/optimize.ts'
import { shareSubexpressions } from '../../../../src/compute/engine/passes/common-subexpressions.ts'
import { foldConstants } from '../../../../src/compute/engine/passes/constant-folding.ts'
import { absorbBiases } from '../../../../src/compute/engine/passes/convolution-biases.ts'
import { removeDeadCode } from '../../../../src/compute/engine/passes/dead-code.ts'
import { chooseGradients } from '../../../../src/compute/engine/passes/rectifiers.ts'
import { simplify } from '../../../../src/compute/engine/passes/simplify.ts'
import { absorbTransposes } from '../../../../src/compute/engine/passes/transposed-products.ts'

const matrix = { shape: [2, 3], dtype: 'float32' } as const

function graphOf(make: (build: GraphBuilder, x: Value) => Value): Graph {
  const build = new GraphBuilder()
  return build.finish(new Map([['y', make(build, build.input('x', matrix))]]))
}

const ops = (graph: Graph) => graph.nodes.map(node => node.op)
const output = (graph: Graph) => graph.outputs.get('y')!

test('dead code goes, inputs stay', t => {
  const graph = graphOf((build, x) => {
    build.add('Exp', [x])
    return build.fill(1, matrix)
  })
  t.deepEqual(ops(removeDeadCode(graph)), ['Input', 'Constant'])
})

test('uniform constants fold into one number of the right shape', t => {
  const graph = graphOf((build, x) => {
    const three = build.add('Add', [
      build.fill(1, { shape: [3, 1], dtype: 'float32' }),
      build.fill(2, { ...matrix, shape: [3, 2] }),
    ])
    return build.add('Mul', [x, build.add('Transpose', [build.add('Neg', [three])], { order: [1, 0] })])
  })
  const folded = removeDeadCode(foldConstants(graph))
  t.deepEqual(ops(folded), ['Input', 'Constant', 'Mul'])
  const constant = output(folded).node.inputs[1]!
  t.is(uniformValue(constant), -3)
  t.deepEqual(constant.shape, [2, 3])
})

test('a constant with different elements keeps them', t => {
  const graph = graphOf((build, x) => {
    const data = build.constant(Float32Array.of(1, 2, 3, 4, 5, 6), { shape: [3, 2], dtype: 'float32' })
    return build.add('Add', [x, build.add('Reshape', [data], { shape: [2, 3] })])
  })
  const folded = removeDeadCode(foldConstants(graph))
  t.deepEqual(ops(folded), ['Input', 'Constant', 'Add'])
  t.deepEqual(output(folded).node.inputs[1]!.node.data, Float32Array.of(1, 2, 3, 4, 5, 6))
})

test('integer division truncates when folded', t => {
  const type = { shape: [], dtype: 'int32' } as const
  const graph = graphOf(build => build.add('Div', [build.fill(-7, type), build.fill(2, type)]))
  t.is(uniformValue(output(foldConstants(graph))), -3)
})

test('neutral elements vanish, or leave the broadcast they made', t => {
  const same = graphOf((build, x) =>
    build.add('Mul', [build.fill(1, matrix), build.add('Add', [x, build.fill(0, matrix)])]),
  )
  t.is(output(simplify(same)).node.op, 'Input')
  const wider = graphOf((build, x) => build.add('Sub', [x, build.fill(0, { shape: [4, 1, 1], dtype: 'float32' })]))
  t.deepEqual([output(simplify(wider)).node.op, output(simplify(wider)).shape], ['Expand', [4, 2, 3]])
  const minus = graphOf((build, x) => build.add('Sub', [build.fill(0, matrix), x]))
  t.is(output(simplify(minus)).node.op, 'Sub')
})

test('chains of reshapes and of transposes become one or none', t => {
  const reshaped = graphOf((build, x) => {
    const flat = build.add('Reshape', [x], { shape: [6] })
    return build.add('Reshape', [flat], { shape: [2, 3] })
  })
  t.is(output(simplify(reshaped)).node.op, 'Input')
  const transposed = graphOf((build, x) => {
    const once = build.add('Transpose', [x], { order: [1, 0] })
    return build.add('Transpose', [once], { order: [1, 0] })
  })
  t.is(output(simplify(transposed)).node.op, 'Input')
  const cube = graphOf((build, x) => {
    const wide = build.add('Reshape', [x], { shape: [1, 2, 3] })
    const once = build.add('Transpose', [wide], { order: [1, 2, 0] })
    return build.add('Transpose', [once], { order: [1, 0, 2] })
  })
  const joined = output(simplify(cube))
  t.deepEqual(
    [joined.node.attributes.order, joined.shape],
    [
      [2, 1, 0],
      [3, 2, 1],
    ],
  )
})

test('what is written twice is computed once; what differs in an attribute or a sign is not', t => {
  const twice = graphOf((build, x) => build.add('Add', [build.add('Exp', [x]), build.add('Exp', [x])]))
  t.deepEqual(ops(shareSubexpressions(twice)), ['Input', 'Exp', 'Add'])
  const differing = graphOf((build, x) => {
    const sums = [0, 1].map(axis => build.add('ReduceSum', [x], { axes: [axis], keepDims: false }))
    const zeros = [0, -0].map(zero => build.fill(zero, { shape: [], dtype: 'float32' }))
    const [a, b] = sums.map((sum, i) =>
      build.add('ReduceSum', [build.add('Div', [sum, zeros[i]!])], { axes: [0], keepDims: false }),
    )
    return build.add('Add', [a!, b!])
  })
  t.deepEqual(ops(removeDeadCode(shareSubexpressions(differing))).sort(), ops(differing).sort())
})

test('a product absorbs the transposes of its factors', t => {
  const graph = graphOf((build, x) => {
    const turned = build.add('Transpose', [x], { order: [1, 0] })
    return build.add('MatMul', [turned, turned], { transposeA: false, transposeB: true })
  })
  const absorbed = removeDeadCode(absorbTransposes(graph))
  t.deepEqual(ops(absorbed), ['Input', 'MatMul'])
  t.deepEqual(output(absorbed).node.attributes, { transposeA: true, transposeB: false })
})

test('of stacked matrices, it absorbs those that turn each matrix, and no others', t => {
  const stacked = (order: number[]) =>
    graphOf((build, x) => {
      const cube = build.add('Transpose', [build.add('Reshape', [x], { shape: [1, 2, 3] })], { order })
      return build.add('MatMul', [cube, cube], { transposeA: false, transposeB: true })
    })
  const absorbs = (order: number[]) => !ops(removeDeadCode(absorbTransposes(stacked(order)))).includes('Transpose')
  t.true(absorbs([0, 2, 1]))
  for (const order of [
    [1, 0, 2],
    [2, 1, 0],
    [1, 2, 0],
  ])
    t.false(absorbs(order))
})

test('a uniform operand shrinks to a scalar, unless it makes the result wider', t => {
  const graph = graphOf((build, x) => build.add('Div', [build.fill(2, matrix), x]))
  t.deepEqual(output(simplify(graph)).node.inputs[0]!.shape, [])
  t.deepEqual(output(simplify(graph)).shape, [2, 3])
  const wider = graphOf((build, x) => build.add('Mul', [x, build.fill(2, { shape: [4, 2, 3], dtype: 'float32' })]))
  t.deepEqual(output(simplify(wider)).shape, [4, 2, 3])
})

test('rows are scattered one after the other when there are several threads', t => {
  const graph = graphOf((build, x) => {
    const ids = build.add('Cast', [build.fill(1, { shape: [2, 1], dtype: 'int32' })], { to: 'int64' })
    return build.add('ScatterRows', [build.fill(0, { shape: [5, 3], dtype: 'float32' }), ids, x])
  })
  t.true(ops(optimize(graph)).includes('ScatterRows'))
  t.false(ops(optimize(graph, { threads: 2 })).includes('ScatterRows'))
  t.deepEqual(output(optimize(graph, { threads: 2 })).shape, [5, 3])
})

test('optimize verifies what it is given', t => {
  const graph = graphOf((build, x) => build.add('Exp', [x]))
  t.throws(() => optimize({ ...graph, nodes: [] }), { message: /wrong after the trace/ })
})

test('mixed precision: products are float16, what is around them is not, and a shared factor is rounded once', t => {
  const graph = graphOf((build, x) => {
    const product = build.add('MatMul', [x, x], { transposeA: true, transposeB: false })
    return build.add('Exp', [product])
  })
  const halved = optimize(graph, { precision: 'mixed' })
  t.deepEqual(ops(halved), ['Input', 'Cast', 'MatMul', 'Cast', 'Exp'])
  t.is(halved.nodes.find(({ op }) => op === 'MatMul')!.outputs[0]!.dtype, 'float16')
  t.is(output(halved).dtype, 'float32')
})

test('the gradient of a rectifier is one choice, from its output alone', t => {
  const scalar = { shape: [], dtype: 'float32' } as const
  const graph = graphOf((build, x) => {
    const before = build.add('Exp', [x])
    const relu = build.add('Relu', [before])
    const above = build.add('Greater', [before, build.fill(0, scalar)])
    const step = build.add('Where', [above, build.fill(1, scalar), build.fill(0, scalar)])
    return build.add('Mul', [build.add('Sin', [relu]), step])
  })
  const y = output(removeDeadCode(chooseGradients(graph)))
  t.is(y.node.op, 'Where')
  const [condition, kept] = y.node.inputs
  t.deepEqual([condition!.node.inputs[0]!.node.op, kept!.node.op], ['Relu', 'Sin'])
})

const window = { strides: [1, 1], dilations: [1, 1], before: [0, 0], after: [0, 0], group: 1 }

function biased(bias: readonly number[], use?: (build: GraphBuilder, convolved: Value) => Value): Graph {
  return graphOf((build, x) => {
    const image = build.add('Reshape', [x], { shape: [1, 3, 2, 1] })
    const filter = build.fill(2, { shape: [2, 3, 1, 1], dtype: 'float32' })
    const convolved = build.add('Conv', [image, filter], window)
    const moved = build.add('Transpose', [convolved], { order: [0, 2, 3, 1] })
    const sum = build.add('Add', [build.fill(1, { shape: bias, dtype: 'float32' }), moved])
    return use ? build.add('Add', [sum, use(build, convolved)]) : sum
  })
}

test('a bias of channels becomes part of the convolution before it', t => {
  const absorbed = removeDeadCode(absorbBiases(biased([2])))
  t.deepEqual(ops(absorbed).slice(-2), ['Conv', 'Transpose'])
  t.is(absorbed.nodes.at(-2)!.inputs.length, 3)
  t.deepEqual(output(absorbed).shape, [1, 2, 1, 2])
})

test('what is no bias of channels, or would make the convolution run twice, stays', t => {
  for (const kept of [
    biased([2, 1, 1]),
    biased([1]),
    biased([2], (build, convolved) => build.add('Reshape', [convolved], { shape: [1, 2, 1, 2] })),
  ]) {
    t.deepEqual(ops(removeDeadCode(absorbBiases(kept))), ops(kept))
  }
})

import test from 'ava'
import { GraphBuilder } from '../../../../src/compute/engine/builder.ts'
import type { Graph, Node } from '../../../../src/compute/engine/graph.ts'
import { printNode, verify } from '../../../../src/compute/engine/verify.ts'

function product(): Graph {
  const build = new GraphBuilder()
  const a = build.input('a', { shape: [2, 3], dtype: 'float32' })
  const b = build.input('b', { shape: [3, 4], dtype: 'float32' })
  const y = build.add('MatMul', [a, b], { transposeA: false, transposeB: false })
  return build.finish(new Map([['y', build.add('Exp', [y])]]))
}

const replace = (graph: Graph, op: string, change: (node: Node) => Node): Graph => ({
  ...graph,
  nodes: graph.nodes.map(node => (node.op === op ? change(node) : node)),
})

test('a sound graph passes unchanged', t => {
  const graph = product()
  t.is(verify(graph, 'nothing'), graph)
})

test('a wrong shape is refused, with the pass and the node', t => {
  const broken = replace(product(), 'MatMul', node => ({
    ...node,
    attributes: { ...node.attributes, transposeB: true },
  }))
  t.throws(() => verify(broken, 'mischief'), {
    message: /after mischief: inner sizes 3 and 4 differ\n {2}%2: float32\[2,4\] = MatMul\(%0: float32\[2,3\], /,
  })
})

test('an output whose recorded type is not the inferred one is refused', t => {
  const broken = replace(product(), 'Exp', node => ({
    ...node,
    outputs: node.outputs.map(output => ({ ...output, dtype: 'int32' as const })),
  }))
  t.throws(() => verify(broken, 'mischief'), { message: /output 0 should be float32\[2,4\]/ })
})

test('a value that is read before it is made is refused', t => {
  const graph = product()
  t.throws(() => verify({ ...graph, nodes: graph.nodes.toReversed() }, 'mischief'), { message: /before it is made/ })
})

test('a missing output is refused', t => {
  const graph = product()
  t.throws(() => verify({ ...graph, nodes: graph.nodes.slice(0, 2) }, 'mischief'), {
    message: /output y is never made/,
  })
})

test('an unknown operator is refused', t => {
  t.throws(
    () =>
      verify(
        replace(product(), 'Exp', node => ({ ...node, op: 'Expp' })),
        'mischief',
      ),
    {
      message: /unknown operator Expp/,
    },
  )
})

test('every operator says what it does not take', t => {
  const build = new GraphBuilder()
  const matrix = build.input('matrix', { shape: [2, 3], dtype: 'float32' })
  const counts = build.input('counts', { shape: [2], dtype: 'int32' })
  const refusals: [() => unknown, RegExp][] = [
    [() => build.add('Add', [matrix, counts]), /mixes float32 and int32/],
    [() => build.add('Exp', [counts]), /does not take int32/],
    [() => build.add('Mul', [matrix, build.fill(1, { shape: [2], dtype: 'float32' })]), /do not broadcast/],
    [() => build.add('Reshape', [matrix], { shape: [5] }), /does not fit/],
    [() => build.add('Transpose', [matrix], { order: [0, 0] }), /no permutation/],
    [() => build.add('ReduceSum', [matrix], { axes: [2], keepDims: false }), /axes \[2\]/],
    [() => build.add('Slice', [matrix], { starts: [1, 0], sizes: [2, 3], steps: [1, 1] }), /axis 0, which has 2/],
    [() => build.add('Concat', [matrix, counts], { axis: 0 }), /mixes/],
    [() => build.add('Split', [matrix], { axis: 1, sizes: [1, 1] }), /do not sum to 3/],
    [() => build.add('Gather', [matrix, matrix], { axis: 0 }), /indices are float32/],
    [() => build.add('Where', [matrix, matrix, matrix]), /not bool/],
    [() => build.add('Neg', [matrix, matrix]), /takes 1 inputs, has 2/],
    [() => build.add('Expand', [matrix], { shape: [3, 3] }), /broadcast/],
  ]
  for (const [attempt, message] of refusals) t.throws(attempt, { message })
})

test('nodes print on one line', t => {
  t.is(printNode(product().nodes.at(-1)!), '%3: float32[2,4] = Exp(%2: float32[2,4])')
})

import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import test from 'ava'
import { traceOrSurvey } from '../../../../src/compute/engine/survey.ts'
import { trace } from '../../../../src/compute/engine/trace.ts'
import { MurmurError } from '../../../../src/core/errors.ts'

// tfjs has one active backend for the process: these tests must not overlap.
const serial = test.serial
const x = { name: 'x', shape: [2, 3], dtype: 'float32' } as const
const image = { name: 'x', shape: [1, 4, 4, 4], dtype: 'float32' } as const

const dilated = (x: tf.Tensor): tf.Tensor =>
  tf.dilation2d(x as tf.Tensor4D, tf.zeros([2, 2, 4]) as tf.Tensor3D, 1, 'same')

serial('a trace records typed nodes and computes nothing', t => {
  const graph = trace([x], ({ x }) => ({ y: tf.sum(tf.mul(x!, 2), 1) }))
  t.deepEqual(
    graph.nodes.map(node => node.op),
    ['Input', 'Constant', 'Mul', 'ReduceSum'],
  )
  const y = graph.outputs.get('y')!
  t.deepEqual([y.shape, y.dtype], [[2], 'float32'])
})

serial('a kernel without a rule is one named error', t => {
  const error = t.throws(() => trace([image], ({ x }) => ({ y: dilated(x!) })), { instanceOf: MurmurError })
  t.is(error.code, 'KERNEL_UNSUPPORTED')
  t.deepEqual(error.details, { kernels: ['Dilation2D'] })
  t.regex(error.message, /Dilation2D/)
})

serial('all kernels without a rule are listed', async t => {
  const error = await t.throwsAsync(
    traceOrSurvey([image], ({ x }) => {
      const rotated = tf.image.rotateWithOffset(tf.relu(x!) as tf.Tensor4D, 1)
      return { y: dilated(rotated) }
    }),
    { instanceOf: MurmurError },
  )
  t.is(error.code, 'KERNEL_UNSUPPORTED')
  t.deepEqual(error.details, { kernels: ['RotateWithOffset', 'Dilation2D'] })
  t.regex(error.message, /RotateWithOffset, Dilation2D/)
})

serial('reading values while tracing is a named error', async t => {
  const read = (use: (x: tf.Tensor) => unknown) => () =>
    trace([x], ({ x }) => {
      use(x!)
      return { x: x! }
    })
  for (const use of [(x: tf.Tensor) => x.dataSync(), (x: tf.Tensor) => x.arraySync()]) {
    const error = t.throws(read(use), { instanceOf: MurmurError })
    t.is(error.code, 'KERNEL_UNSUPPORTED')
    t.regex(error.message, /dataSync/)
  }
})

serial('what a kernel can not do here names the kernel', t => {
  const error = t.throws(() => trace([image], ({ x }) => ({ y: tf.depthToSpace(x as tf.Tensor4D, 2, 'NCHW') })), {
    instanceOf: MurmurError,
  })
  t.is(error.code, 'KERNEL_UNSUPPORTED')
  t.deepEqual(error.details, { kernels: ['DepthToSpace'] })
})

serial('the active backend comes back and nothing leaks, whether the trace succeeds or not', t => {
  tf.setBackend('cpu')
  const constant = tf.tensor1d([1, 2, 3])
  const before = tf.memory().numTensors
  const graph = trace([x], ({ x }) => ({ y: tf.add(x!, tf.scalar(3)) }))
  t.throws(() => trace([image], ({ x }) => ({ y: dilated(x!) })))
  t.is(tf.getBackend(), 'cpu')
  t.is(tf.memory().numTensors, before)
  t.falsy(tf.findBackend('murmur-trace'))
  t.deepEqual(tf.getKernelsForBackend('murmur-trace'), [])
  t.deepEqual([...tf.mul(constant, 2).dataSync()], [2, 4, 6])
  t.is(graph.outputs.size, 1)
  constant.dispose()
})

serial('a tensor of another backend becomes a constant', t => {
  tf.setBackend('cpu')
  const table = tf.tensor1d([1, 2, 3])
  const graph = trace([x], ({ x }) => ({ y: tf.add(x!, table) }))
  const constant = graph.nodes.find(node => node.op === 'Constant')
  t.deepEqual(constant?.data, Float32Array.of(1, 2, 3))
})

import { registerHooks } from 'node:module'
import test from 'ava'
import { onnxEngine } from '../../../../src/compute/engine/onnx-engine.ts'
import { mlp } from '../../../../src/compute/models/mlp.ts'
import { MurmurError } from '../../../../src/core/errors.ts'
import { layoutParameters } from '../../../../src/core/layout.ts'
import { sharedFloats } from '../../../../src/core/parameters.ts'

test('where onnxruntime does not load, the error says what to do', async t => {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'onnxruntime-node') throw new Error('libonnxruntime.so.1: cannot open shared object file')
      return next(specifier, context)
    },
  })
  t.teardown(() => hooks.deregister())
  const model = mlp({ inputs: 2, hidden: [], classes: 2 })
  const layout = layoutParameters(model.parameters)
  const memory = { layout, parameters: sharedFloats(layout.length), gradients: sharedFloats(layout.length) }
  const error = await t.throwsAsync(onnxEngine().compileTraining(model, 1, memory), { instanceOf: MurmurError })
  t.is(error.code, 'BACKEND_UNAVAILABLE')
  t.regex(error.message, /cannot open shared object file.*npm ci.*murmur doctor/)
})

import test from 'ava'
import { deviceReplica } from '../../src/compute/replica/device-replica.ts'
import { isErrorCode } from '../../src/core/errors.ts'
import { webgpuProblem } from '../support/software-vulkan.ts'
import { hostReplicaOn, type MakeReplica, replicaSettings, replicaSuite } from './replica.ts'

const onWebgpu: MakeReplica = settings => deviceReplica('webgpu', new Float32Array(settings.layout.length), settings)

// In a process of its own: a driver's crash is one failed file.
const problem = await webgpuProblem()
if (problem) {
  test('on webgpu: not present here', t => {
    t.log(problem)
    t.pass()
  })
} else {
  replicaSuite(test, 'on webgpu', onWebgpu, {
    reference: hostReplicaOn('cpu'),
    tolerance: { vectors: 1e-4, reports: 1e-3 },
  })

  test.serial('on webgpu: mixed precision works, or says what the device may lack', async t => {
    try {
      await (await onWebgpu({ ...replicaSettings, precision: 'mixed' })).release()
      t.log('the device has float16')
      t.pass()
    } catch (error) {
      t.true(isErrorCode(error, 'BACKEND_UNAVAILABLE') && /float16/.test(error.message), `${error}`)
    }
  })
}

import test from 'ava'
import { deviceReplica } from '../../src/compute/replica/device-replica.ts'
import { hostReplicaOn, type MakeReplica, replicaSuite } from './replica.ts'

const host = hostReplicaOn('cpu')
/** The provider's device is this machine's memory: all that a GPU's replica does but the GPU. */
const device: MakeReplica = settings => deviceReplica('cpu', new Float32Array(settings.layout.length), settings)

const mixed =
  (make: MakeReplica): MakeReplica =>
  settings =>
    make({ ...settings, precision: 'mixed' })

const exact = { vectors: 0, reports: 0 }
const close = { vectors: 1e-5, reports: 1e-4 }

replicaSuite(test, 'on the host', host, { reference: host, tolerance: exact })
replicaSuite(test, 'on a device', device, { reference: host, tolerance: close })
// onnxruntime's CPU provider computes the products in float32 all the same: this holds the scaling of the loss to
// account, which changes nothing but the last bits, not the rounding to float16.
replicaSuite(test, 'on the host, with the loss scaled', mixed(host), { reference: host, tolerance: close })
replicaSuite(test, 'on a device, with the loss scaled', mixed(device), { reference: host, tolerance: close })

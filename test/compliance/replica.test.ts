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
/** float16 has 11 bits, and Adam's first steps have the gradient's sign, whatever its size. */
const half = { vectors: 0.01, reports: 0.01 }

replicaSuite(test, 'on the host', host, { reference: host, tolerance: exact })
replicaSuite(test, 'on a device', device, { reference: host, tolerance: close })
replicaSuite(test, 'on the host, mixed precision', mixed(host), { reference: host, tolerance: half })
replicaSuite(test, 'on a device, mixed precision', mixed(device), { reference: mixed(host), tolerance: close })

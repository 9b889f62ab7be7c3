import test from 'ava'
import { probeBackend } from '../../src/compute/engine/probe.ts'
import { backendSuite } from './backend.ts'

// onnxruntime multiplies matrices in TF32 where the GPU has it: 10 bits of mantissa. A file is a process of its own: a
// crash of the driver is one failed file.
backendSuite(test, await probeBackend('cuda'), { tolerance: 2e-3, models: 4, inProcess: false })

import test from 'ava'
import { probeBackend } from '../../src/compute/engine/probe.ts'
import { allowSoftwareVulkan } from '../support/software-vulkan.ts'
import { backendSuite } from './backend.ts'

await allowSoftwareVulkan()
// Shaders may contract and reorder, and their functions are approximations. A file is a process of its own: a crash of
// the driver is one failed file.
backendSuite(test, await probeBackend('webgpu'), { tolerance: 1e-4, models: 1, inProcess: false })

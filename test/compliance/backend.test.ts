import test from 'ava'
import { probeBackend } from '../../src/compute/engine/probe.ts'
import { backendSuite } from './backend.ts'

const names = ['cpu', 'wasm', 'javascript', 'tensorflow'] as const

for (const probe of await Promise.all(names.map(name => probeBackend(name)))) {
  backendSuite(test, probe, { tolerance: 1e-5, models: probe.name === 'javascript' ? 2 : 4, inProcess: true })
}

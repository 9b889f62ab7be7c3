import { type BackendProbe, probeBackends } from '../../compute/engine/probe.ts'
import type { Finding, Probe } from './finding.ts'

const DEADLINE_MS = 20_000

const remedies: Readonly<Record<string, string>> = {
  cpu: 'npm rebuild onnxruntime-node, or install again with npm ci',
  webgpu: 'needs a GPU with a Vulkan, Metal or Direct3D 12 driver; on Linux install the vendor driver and libvulkan1',
  cuda: 'on Linux x64: ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js',
  'tfjs-node-gpu': 'npm install @tensorflow/tfjs-node-gpu (CUDA 11 and cuDNN 8)',
}

/** The engine's backends, each tried with a tiny computation in a process of its own. */
export const probeCompute: Probe = async signal => {
  const { version, reason, backends } = await probeBackends(DEADLINE_MS, signal)
  const runtime: Finding =
    version === undefined
      ? { name: 'onnxruntime', status: 'problem', found: reason ?? '', remedy: remedies.cpu, essential: true }
      : { name: 'onnxruntime', status: 'ok', found: `onnxruntime-node ${version}`, essential: true }
  return [runtime, ...backends.filter(({ name }) => name in remedies).map(backendFinding)]
}

function backendFinding({ name, installed, works, reason }: BackendProbe): Finding {
  const essential = name === 'cpu'
  if (works) return { name, status: 'ok', found: 'computes', essential }
  const noDevice = reason?.includes('No supported adapters')
  const status = essential || (installed && !noDevice) ? 'problem' : 'missing'
  return { name, status, found: reason ?? '', remedy: remedies[name], essential }
}

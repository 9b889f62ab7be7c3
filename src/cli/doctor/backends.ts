import { type BackendProbe, chooseBackend } from '../../compute/engine/choose-backend.ts'
import type { BackendName } from '../../compute/engine/engine.ts'
import { probeBackends } from '../../compute/engine/probe.ts'
import { isErrorCode } from '../../core/errors.ts'
import type { Finding, Probe } from './finding.ts'

const remedies: Readonly<Record<BackendName, string>> = {
  cpu: 'npm rebuild onnxruntime-node, or install again with npm ci',
  webgpu: 'needs a GPU with a Vulkan, Metal or Direct3D 12 driver; on Linux install the vendor driver and libvulkan1',
  cuda: 'on Linux x64: ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js',
  tensorflow:
    'npm install @tensorflow/tfjs-node (CPU) or @tensorflow/tfjs-node-gpu (Linux, CUDA 11 and cuDNN 8); both download libtensorflow',
  wasm: 'npm install @tensorflow/tfjs-backend-wasm, or install again with npm ci',
  javascript: 'install again with npm ci',
}

/** The engine's backends, each tried with a small computation in a process of its own, and what `auto` makes of them. */
export const probeCompute: Probe = async signal => {
  const probes = await probeBackends({ signal })
  return [...probes.map(backendFinding), await choice(probes)]
}

function backendFinding({ name, installed, works, found }: BackendProbe): Finding {
  if (works) return { name, status: 'ok', found }
  const noDevice = found.includes('No supported adapters')
  return { name, status: installed && !noDevice ? 'problem' : 'missing', found, remedy: remedies[name] }
}

async function choice(probes: readonly BackendProbe[]): Promise<Finding> {
  const found = new Map(probes.map(probe => [probe.name, probe]))
  try {
    const { backend, why } = await chooseBackend(async name => found.get(name)!)
    return { name: 'auto', status: 'ok', found: `${backend}: ${why}`, essential: true }
  } catch (error) {
    if (!isErrorCode(error, 'BACKEND_UNAVAILABLE')) throw error
    return { name: 'auto', status: 'problem', found: 'no backend works here', remedy: remedies.cpu, essential: true }
  }
}

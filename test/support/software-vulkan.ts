import { existsSync } from 'node:fs'
import { probeBackend } from '../../src/compute/engine/probe.ts'

/** Debian's chromium brings SwiftShader, a Vulkan driver that needs no GPU and that onnxruntime's WebGPU provider accepts. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json'

/**
 * Lets WebGPU run in this process where there is no GPU but a software driver, and tells why it cannot where it cannot.
 * To be called before onnxruntime is loaded.
 */
export async function webgpuProblem(): Promise<string | undefined> {
  if (existsSync(SWIFTSHADER)) process.env.VK_ICD_FILENAMES ??= SWIFTSHADER
  const { works, found } = await probeBackend('webgpu')
  return works ? undefined : found
}

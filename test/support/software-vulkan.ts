import { existsSync } from 'node:fs'
import { probeBackend } from '../../src/compute/engine/probe.ts'

/** Debian's chromium brings SwiftShader, a Vulkan driver that needs no GPU and that onnxruntime's WebGPU provider accepts. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json'

/**
 * Lets WebGPU run in this process, and in those it starts, on a software driver where there is no GPU. To be called
 * before onnxruntime is loaded.
 */
export async function allowSoftwareVulkan(): Promise<void> {
  if (!existsSync(SWIFTSHADER)) return
  const { works } = await probeBackend('webgpu')
  if (!works) process.env.VK_ICD_FILENAMES ??= SWIFTSHADER
}

/** The same, and why WebGPU cannot run in this process, where it cannot. */
export async function webgpuProblem(): Promise<string | undefined> {
  await allowSoftwareVulkan()
  const { works, found } = await probeBackend('webgpu')
  return works ? undefined : found
}

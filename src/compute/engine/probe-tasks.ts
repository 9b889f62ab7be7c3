import { matMul, tensor2d } from '@tensorflow/tfjs-core'
import { onBackend } from './active-backend.ts'
import { GraphBuilder } from './builder.ts'
import type { BackendProbe } from './choose-backend.ts'
import { loadBackend } from './eager/load-backend.ts'
import type { EagerBackend, TracedBackend } from './engine.ts'
import type { Value } from './graph.ts'
import { openSession } from './session.ts'

/** What is found out about a backend that works. */
export type Working = Pick<BackendProbe, 'accelerated' | 'found'>

const matrix = { values: [1, 2, 3, 4], squared: '7,10,15,22' }

/** Squares a matrix on a provider of onnxruntime; WebGPU must also show what it is worth. */
export async function tryTraced(provider: TracedBackend, threads: number): Promise<Working> {
  const build = new GraphBuilder()
  const x = build.input('x', { shape: [2, 2], dtype: 'float32' })
  const square = build.finish(new Map([['y', product(build, x, x)]]))
  const session = await openSession(square, {}, { provider, threads: 1 })
  expectSquare((await session.run({ x: Float32Array.from(matrix.values) })).y!)
  if (provider === 'webgpu') return await measureWebgpu(threads)
  const { env } = await import('onnxruntime-node')
  return { accelerated: provider === 'cuda', found: `computes, onnxruntime-node ${env.versions.node ?? ''}`.trim() }
}

/** The same on a backend of tfjs. */
export async function tryEager(backend: EagerBackend): Promise<Working> {
  const { registered, device } = await loadBackend(backend)
  expectSquare(
    onBackend(registered, () => {
      const x = tensor2d(matrix.values, [2, 2])
      return matMul(x, x).dataSync()
    }),
  )
  return { accelerated: device === 'gpu', found: device === undefined ? 'computes' : `computes on the ${device}` }
}

function expectSquare(values: ArrayLike<number>): void {
  const answer = Array.from(values).join()
  if (answer !== matrix.squared) throw new Error(`computed ${answer} instead of ${matrix.squared}`)
}

const product = (build: GraphBuilder, a: Value, b: Value): Value =>
  build.add('MatMul', [a, b], { transposeA: false, transposeB: false })

/** A device that is not clearly faster than the cores would lose to them in all that is no matrix product. */
const WORTH_IT = 2

/**
 * Times matrix products on WebGPU and on the cores. onnxruntime does not tell a GPU from an adapter in software
 * (SwiftShader, llvmpipe), but measuring does: that one spends more processor time on a product than the CPU provider.
 */
async function measureWebgpu(threads: number): Promise<Working> {
  let speed = 0
  let relief = 0
  // Small first: what is hopeless there would take seconds on the size that keeps a GPU busy.
  for (const side of [128, 1024]) {
    const gpu = await timeProducts('webgpu', side, threads)
    const cpu = await timeProducts('cpu', side, threads)
    speed = cpu.wallMs / gpu.wallMs
    relief = cpu.processorMs / gpu.processorMs
    if (speed < 1 / 20) break
  }
  const found = `computes ${speed.toPrecision(2)} times as fast as the cpu backend with ${threads} thread${threads > 1 ? 's' : ''}`
  if (relief < WORTH_IT) return { accelerated: false, found: `${found}, on an adapter in software` }
  if (speed < WORTH_IT) return { accelerated: false, found: `${found}: no gain` }
  return { accelerated: true, found }
}

interface Timing {
  wallMs: number
  /** Of all threads of this process. */
  processorMs: number
}

/** The fastest of three runs; a first, which compiles, does not count. */
async function timeProducts(provider: TracedBackend, side: number, threads: number): Promise<Timing> {
  const session = await openSession(products(side), {}, { provider, threads })
  const x = Float32Array.of(1 / side)
  await session.run({ x })
  let fastest: Timing = { wallMs: Number.POSITIVE_INFINITY, processorMs: 0 }
  for (let i = 0; i < 3; i++) {
    const start = performance.now()
    const before = process.cpuUsage()
    await session.run({ x })
    const wallMs = performance.now() - start
    const { user, system } = process.cpuUsage(before)
    if (wallMs < fastest.wallMs) fastest = { wallMs, processorMs: (user + system) / 1000 }
  }
  return fastest
}

/** Products of matrices that are made where they are multiplied, so that nothing but a number is moved. */
function products(side: number) {
  const build = new GraphBuilder()
  const start = build.add('Expand', [build.input('x', { shape: [1, 1], dtype: 'float32' })], { shape: [side, side] })
  let power = start
  for (let i = 0; i < 4; i++) power = product(build, power, start)
  return build.finish(new Map([['mean', build.add('ReduceMean', [power], { axes: [0, 1], keepDims: true })]]))
}

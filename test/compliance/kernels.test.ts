import { generators } from './kernels/generators.ts'
import { kernelSuite } from './kernels.ts'

kernelSuite({ generators, seeds: ['a', 'b'] })

import type { Precision } from './engine.ts'
import type { Graph } from './graph.ts'
import { shareSubexpressions } from './passes/common-subexpressions.ts'
import { foldConstants } from './passes/constant-folding.ts'
import { absorbBiases } from './passes/convolution-biases.ts'
import { removeDeadCode } from './passes/dead-code.ts'
import { recognizeDropout } from './passes/dropout.ts'
import { expandRandom } from './passes/expand-random.ts'
import { halveProducts } from './passes/half-products.ts'
import { orderScatters } from './passes/ordered-scatters.ts'

import { spellOutTransposes } from './passes/plain-operators.ts'
import { chooseGradients } from './passes/rectifiers.ts'
import type { Pass } from './passes/rewrite.ts'

import { simplify } from './passes/simplify.ts'
import { absorbTransposes } from './passes/transposed-products.ts'
import { verify } from './verify.ts'

/** In this order; each leaves a graph that computes the same. */
const passes: readonly Pass[] = [
  removeDeadCode,
  recognizeDropout,
  expandRandom,
  foldConstants,
  simplify,
  shareSubexpressions,
  chooseGradients,
  absorbBiases,
  absorbTransposes,
  removeDeadCode,
]

export interface OptimizeInit {
  /** On which the graph will run. @default 1 */
  threads?: number
  /** @default 'float32' */
  precision?: Precision
  /** Uses the operators of ai.onnx alone, for other runtimes. @default false */
  plain?: boolean
}

/** Runs every pass over a traced graph, and verifies the graph before and after each. */
export function optimize(graph: Graph, init: OptimizeInit = {}): Graph {
  const { threads = 1, precision = 'float32', plain = false } = init
  const all = [
    ...passes,
    ...(plain ? [spellOutTransposes, shareSubexpressions] : []),
    ...(threads > 1 ? [orderScatters] : []),
    // Two products often read the same tensor: it is rounded once.
    ...(precision === 'mixed' ? [halveProducts, shareSubexpressions] : []),
  ]
  return all.reduce((current, pass) => verify(pass(current), pass.name), verify(graph, 'the trace'))
}

import type { Graph } from './graph.ts'
import { shareSubexpressions } from './passes/common-subexpressions.ts'
import { foldConstants } from './passes/constant-folding.ts'
import { removeDeadCode } from './passes/dead-code.ts'
import { recognizeDropout } from './passes/dropout.ts'
import { expandRandom } from './passes/expand-random.ts'
import { orderScatters } from './passes/ordered-scatters.ts'
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
  absorbTransposes,
  removeDeadCode,
]

/**
 * Runs every pass over a traced graph, and verifies the graph before and after each.
 * @param threads that the graph will run on
 */
export function optimize(graph: Graph, threads: number): Graph {
  const all = threads > 1 ? [...passes, orderScatters] : passes
  return all.reduce((current, pass) => verify(pass(current), pass.name), verify(graph, 'the trace'))
}

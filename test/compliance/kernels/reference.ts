import { getGradient } from '@tensorflow/tfjs-core'
import * as kernelNames from '@tensorflow/tfjs-core/dist/kernel_names.js'
import type { GraphBuilder } from '../../../src/compute/engine/builder.ts'
import type { KernelRule, KernelRules } from '../../../src/compute/engine/kernels/rule.ts'
import { kernelTable } from '../../../src/compute/engine/kernels/table.ts'
import { untracedKernels } from '../../../src/compute/engine/kernels/untraced.ts'
import { lower } from '../../../src/compute/engine/onnx/lower.ts'
import { registerGradients } from '../../../src/compute/engine/tfjs-gradients.ts'
import { trace } from '../../../src/compute/engine/trace.ts'
import { random } from '../../../src/core/random.ts'
import { asCompute, specsOf } from './compute.ts'
import { generators } from './generators.ts'

/** docs/kernels.md, from the tables of rules and from what they append for the cases of the compliance suite. */
export async function kernelReference(): Promise<string> {
  await registerGradients()
  const operators = observedOperators()
  const names = [...new Set(Object.values(kernelNames) as string[])].toSorted((a, b) => a.localeCompare(b, 'en'))
  const traced = names.filter(name => name in kernelTable)
  const others = names.filter(name => !(name in kernelTable))
  return `${[
    '# Kernels',
    '',
    '<!-- Written by kernelReference() in test/compliance/kernels/reference.ts: change the rules, not this page. -->',
    '',
    'A kernel is an operation of TensorFlow.js as its backends know it. The engine traces a model by running it once on a',
    'backend whose kernels write ONNX operators down. What they write is held to the CPU backend of tfjs and to finite',
    'differences by `test/compliance/kernels.test.ts`.',
    '',
    `Of the ${names.length} kernels of tfjs ${traced.length} are traced. Passes over the whole graph remove and join operators afterwards.`,
    '',
    '"Gradient" says whether tfjs can differentiate the kernel, eagerly or traced; where it cannot, a model that asks for it',
    'is refused with `KERNEL_UNSUPPORTED` and the name of the kernel.',
    '',
    '| Kernel | Gradient | ONNX operators |',
    '| --- | --- | --- |',
    ...traced.map(name => `| ${name} | ${getGradient(name) ? 'yes' : 'no'} | ${operatorsOf(operators.get(name))} |`),
    '',
    '## Not traced',
    '',
    '| Kernel | Why |',
    '| --- | --- |',
    ...others.map(name => `| ${name} | ${untracedKernels[name]} |`),
    '',
    '## Where it differs from tfjs',
    '',
    '- The gradient of average pooling divides by the number of elements that were averaged. That of tfjs divides by the',
    '  size of the window also where part of it is padding, which is not the gradient.',
    '- The gradients of resized images are those of the resizing. Those of tfjs leave `halfPixelCenters` out, exchange the',
    '  sides of images that are not square, and divide by zero where the nearest neighbour of a smaller image is taken.',
    '- The gradient of `tf.mirrorPad` is that of tfjs, which forgets the mirror images.',
    '- `tf.dropout`, and with it what tfjs-layers drops by it, draws in the graph: from the seed that each step is',
    "  given, not from the operation's own `seed`. Nothing is dropped while evaluating. Any other random operation inside",
    '  a model is refused, because its numbers would be the same in every step.',
  ].join('\n')}\n`
}

const operatorsOf = (operators: ReadonlySet<string> = new Set()) =>
  operators.size > 0 ? [...operators].toSorted().join(', ') : 'none: a constant, or its input'

/** Traces every case with rules that note what they append. */
function observedOperators(): Map<string, Set<string>> {
  const operators = new Map<string, Set<string>>()
  const noting =
    (kernel: string, rule: KernelRule): KernelRule =>
    (build, inputs, attributes) => {
      const before = nodesOf(build).length
      const result = rule(build, inputs, attributes)
      const known = operators.get(kernel) ?? new Set()
      for (const node of nodesOf(build).slice(before)) if (node.op !== 'Constant') known.add(lower(node).op)
      operators.set(kernel, known)
      return result
    }
  const rules: KernelRules = Object.fromEntries(
    Object.entries(kernelTable).map(([kernel, rule]) => [kernel, noting(kernel, rule)]),
  )
  for (const [about, generate] of Object.entries(generators)) {
    for (const each of generate(random(`kernels a ${about}`))) {
      trace(specsOf(each.inputs), asCompute(each, each.gradient !== 'none'), rules)
    }
  }
  return operators
}

const nodesOf = (build: GraphBuilder) => build.finish(new Map()).nodes

import { readFileSync } from 'node:fs'
import * as kernelNames from '@tensorflow/tfjs-core/dist/kernel_names.js'
import test from 'ava'
import { kernelTable } from '../../src/compute/engine/kernels/table.ts'
import { untracedKernels } from '../../src/compute/engine/kernels/untraced.ts'
import { kernelReference } from './kernels/reference.ts'

test('every kernel of tfjs has a rule or a reason why not, and no other has', t => {
  const known = [...Object.keys(kernelTable), ...Object.keys(untracedKernels)]
  t.deepEqual(known.toSorted(), [...new Set(Object.values(kernelNames) as string[])].toSorted())
})

test('docs/kernels.md is up to date', async t => {
  const page = readFileSync(new URL('../../docs/kernels.md', import.meta.url), 'utf8')
  const command = `node -e 'import("./test/compliance/kernels/reference.ts").then(async r => require("fs").writeFileSync("docs/kernels.md", await r.kernelReference()))'`
  t.is(page, await kernelReference(), `Write it again: ${command}`)
})

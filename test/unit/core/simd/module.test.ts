import { readFile } from 'node:fs/promises'
import test from 'ava'
import { compileLoops, moduleSource, moduleUrl } from '../../../../assembly/compile.ts'

test('the embedded module is what `npm run simd` makes of assembly/loops.ts', async t => {
  t.is(await readFile(moduleUrl, 'utf8'), moduleSource(await compileLoops()))
})

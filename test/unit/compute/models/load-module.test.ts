import { createHash } from 'node:crypto'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import * as tfLayers from '@tensorflow/tfjs-layers'
import test from 'ava'
import { importModule, locateModule, verifyModule } from '../../../../src/compute/models/load-module.ts'
import { MurmurError } from '../../../../src/core/errors.ts'
import { processFolder } from '../../../support/tiny-text.ts'

const folder = processFolder()

function write(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

test("a file anywhere gets this program's own TensorFlow.js and murmuration", async t => {
  const path = write(
    'own.ts',
    `import * as core from '@tensorflow/tfjs-core'
     import * as layers from '@tensorflow/tfjs-layers'
     import * as union from '@tensorflow/tfjs'
     import { MurmurError, type ModelData } from 'murmuration'
     export const found: unknown[] = [core.Tensor, layers.LayersModel, union.Tensor, union.LayersModel, MurmurError]
     export const kind: ModelData['kind'] = 'text'`,
  )
  const exports = await importModule({ path, sha256: '' })
  t.deepEqual(exports.found, [tf.Tensor, tfLayers.LayersModel, tf.Tensor, tfLayers.LayersModel, MurmurError])
  t.is(exports.kind, 'text')
})

test('another content is another module', async t => {
  const path = write('version.ts', 'export const version = 1')
  t.is((await importModule({ path, sha256: '' })).version, 1)
  write('version.ts', 'export const version = 2')
  t.is((await importModule({ path, sha256: '' })).version, 2)
})

test('nothing is run of a file that is not the one', async t => {
  const text = "throw new Error('was run')"
  const path = write('other.ts', text)
  t.is(verifyModule({ path, sha256: '' }), sha256(text))
  t.is(verifyModule({ path, sha256: sha256(text) }), sha256(text))
  const expected = sha256('something else')
  t.like(await t.throwsAsync(importModule({ path, sha256: expected })), {
    code: 'MODEL_MISMATCH',
    message: `The model ${path} is not the run's: expected the SHA-256 ${expected}, got ${sha256(text)}`,
  })
})

test('a file that is not there', t => {
  const path = join(folder, 'nowhere.ts')
  const error = t.throws(() => verifyModule({ path, sha256: '' }))
  t.like(error, { code: 'MODEL_MISSING' })
  t.true(error!.message.includes(path) && error!.message.includes('--model'))
})

test('a path of the specification leads neither out of its folder nor into a node_modules', t => {
  const inside = join(folder, 'inside')
  mkdirSync(join(inside, 'models'), { recursive: true })
  mkdirSync(join(inside, 'NODE_modules'))
  for (const path of ['outside.ts', 'inside/models/a.ts', 'inside/NODE_modules/b.js']) write(path, 'export {}')
  const link = (target: string, name: string) => symlinkSync(target, join(inside, name))
  link('models', 'linked')
  link('..', 'up')
  link(join(folder, 'outside.ts'), 'out.ts')
  link('NODE_modules', 'packages')
  symlinkSync(inside, join(folder, 'folder'))
  for (const module of ['models/a.ts', './linked/a.ts']) {
    t.is(locateModule(module, inside), join(inside, module))
    t.is(locateModule(module, join(folder, 'folder')), join(folder, 'folder', module))
  }
  for (const module of ['out.ts', 'up/outside.ts', '../outside.ts', join(folder, 'outside.ts'), 'packages/b.js']) {
    const error = t.throws(
      () => locateModule(module, inside),
      { message: /, elsewhere than below .*inside\)$/ },
      module,
    )
    t.like(error, { code: 'MODEL_MISSING' })
  }
  t.like(
    t.throws(() => locateModule('nowhere.ts', inside)),
    { code: 'MODEL_MISSING' },
  )
})

for (const [name, text, message] of [
  ['relative', "import './layers.ts'", /it imports \.\/layers\.ts: a model is one file/],
  ['absolute', "import '/etc/layers.ts'", /it imports \/etc\/layers\.ts: a model is one file/],
  ['package', "import 'no-such-package'", /cannot be loaded: .*no-such-package/],
  ['syntax', 'export const = 3', /cannot be loaded: /],
  ['throw', "throw new Error('no luck')", /cannot be loaded: no luck/],
  ['enum', 'export enum Kind { a }', /cannot be loaded: .*enum/],
] as const) {
  test(`one line says why a file cannot be loaded: ${name}`, async t => {
    write('layers.ts', '')
    const path = write(`${name}.ts`, text)
    const error = await t.throwsAsync(importModule({ path, sha256: '' }))
    t.like(error, { code: 'MODEL_INVALID', details: { file: path } })
    t.regex(error!.message, message)
    t.false(error!.message.includes('\n'))
  })
}

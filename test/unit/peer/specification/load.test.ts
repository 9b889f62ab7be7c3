import { createHash } from 'node:crypto'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { runId } from '../../../../src/peer/specification/canonical.ts'
import { loadSpecification } from '../../../../src/peer/specification/load.ts'
import { processFolder } from '../../../support/tiny-text.ts'

const folder = processFolder()

test('without a file: the default run', async t => {
  const { specification, directory } = await loadSpecification(undefined)
  t.is(specification.name, 'murmuration')
  t.is(directory, join('runs', 'murmuration'))
})

test("the run directory has the run's name, whatever characters are in it", async t => {
  const path = join(folder, 'run.yaml')
  await writeFile(path, 'name: "été / ../2"\nsteps: 5\n')
  const { specification, directory } = await loadSpecification(path)
  t.is(specification.steps, 5)
  t.is(directory, join('runs', '-t-..-2'))
})

test('a file that is not there or cannot be read is a usage error that names it', async t => {
  const path = join(folder, 'none.yaml')
  await t.throwsAsync(loadSpecification(path), {
    code: 'USAGE',
    message: `There is no file ${path}: \`murmur init ${path}\` writes one`,
  })
  await t.throwsAsync(loadSpecification(folder), { code: 'USAGE', message: /^Cannot read / })
})

test('a mistake in the file is told with its path', async t => {
  const path = join(folder, 'wrong.yaml')
  await writeFile(path, 'stepz: 5\n')
  await t.throwsAsync(loadSpecification(path), { code: 'SPECIFICATION_INVALID', message: /wrong\.yaml.*stepz.*steps/s })
})

test('the hash of a model that is a module is filled in, or compared', async t => {
  const nested = await mkdtemp(join(folder, 'module-'))
  const path = join(nested, 'run.yaml')
  const file = join(nested, 'my-model.ts')
  const sha256 = createHash('sha256').update('export {}').digest('hex')
  const model = { kind: 'module', module: './my-model.ts', sha256, context: 64 }
  await writeFile(path, 'model: {module: ./my-model.ts}\n')
  await t.throwsAsync(loadSpecification(path), { code: 'MODEL_MISSING' })
  await writeFile(file, 'export {}')
  const loaded = await loadSpecification(path)
  t.deepEqual(loaded.specification.model, model)
  t.is(loaded.model, file)

  const elsewhere = join(folder, 'elsewhere.ts')
  await writeFile(elsewhere, 'export {}')
  t.is((await loadSpecification(path, elsewhere)).model, elsewhere)
  await writeFile(path, `model: {module: ./my-model.ts, sha256: ${sha256}}\n`)
  t.is(runId((await loadSpecification(path)).specification), runId(loaded.specification))
  await writeFile(file, 'export {} // changed')
  await t.throwsAsync(loadSpecification(path), { code: 'MODEL_MISMATCH' })

  await rm(file)
  await symlink(elsewhere, file)
  await t.throwsAsync(loadSpecification(path), { code: 'MODEL_MISSING', message: /elsewhere than below/ })
  t.is((await loadSpecification(path, file)).model, file) // who names it by --model may mean any
})

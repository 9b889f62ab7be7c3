import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
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

import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { loadIdentity } from '../../../../src/network/libp2p/identity.ts'

test('a key is made once, for its owner alone, and found again', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'murmur-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const path = join(folder, 'run', 'identity.key')
  const made = await loadIdentity(path)
  t.is((await stat(path)).mode & 0o777, 0o600)
  t.true(made.equals(await loadIdentity(path)))
})

test('a file that is no key is left alone and named', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'murmur-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const path = join(folder, 'identity.key')
  await writeFile(path, 'not a key')
  const error = await t.throwsAsync(loadIdentity(path), { code: 'STORAGE_FAILED' })
  t.true(error?.message.includes(path))
  await t.throwsAsync(loadIdentity(join(path, 'below-a-file')), { code: 'STORAGE_FAILED' })
})

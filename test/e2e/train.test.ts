import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { readCheckpoint } from '../../src/peer/checkpoint/checkpoint.ts'
import { runPaths } from '../../src/peer/checkpoint/run-directory.ts'
import { spawnMurmur } from '../support/murmur-process.ts'
import { runFolder } from '../support/run-folder.ts'

async function train(t: ExecutionContext, yaml: string, directory: string, interruptAt?: number): Promise<number> {
  const peer = spawnMurmur(t, ['train', yaml, '--directory', directory])
  if (interruptAt) {
    await peer.event('step', ({ step }) => step >= interruptAt)
    peer.kill('SIGINT')
  }
  const { code, err, last } = await peer.ended
  t.is(code, 0, err)
  t.deepEqual((await peer.listening()).invitations, [])
  t.false(err.includes('murmur join'))
  return last.step as number
}

async function stateIn(directory: string) {
  const { state } = await readCheckpoint(runPaths(directory).checkpoints)
  const { parameters, optimizer, step, tokens, optimizerAge, batches } = state
  return { parameters, optimizer, step, tokens, optimizerAge, batches }
}

test('one seed trains to the same bytes, whether or not it was interrupted; another seed does not', async t => {
  const { folder, yaml, write } = await runFolder(t, { steps: 400 })
  const directory = (name: string) => join(folder, name)
  t.is(await train(t, yaml, directory('once')), 400)
  const state = await stateIn(directory('once'))
  t.like(state, { step: 400, optimizerAge: 400, tokens: 400 * 4 * 32 })

  const half = await train(t, yaml, directory('again'), 20)
  t.true(half >= 20 && half < 400, `interrupted at ${half}`)
  t.is((await stateIn(directory('again'))).step, half)
  t.is(await train(t, yaml, directory('again')), 400)
  t.deepEqual(await stateIn(directory('again')), state)
  t.is(await train(t, yaml, directory('again')), 400) // nothing left to do
  t.deepEqual(await stateIn(directory('again')), state)

  t.is(await train(t, await write('other.yaml', { seed: 1 }), directory('other')), 400)
  t.notDeepEqual((await stateIn(directory('other'))).parameters, state.parameters)
})

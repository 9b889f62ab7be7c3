import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { isErrorCode, MurmurError } from '../../../../src/core/errors.ts'
import { layoutParameters } from '../../../../src/core/layout.ts'
import { sharedFloats } from '../../../../src/core/parameters.ts'
import { random } from '../../../../src/core/random.ts'
import { storageError } from '../../../../src/core/storage.ts'
import { latestCheckpoint, readCheckpoint, writeCheckpoint } from '../../../../src/peer/checkpoint/checkpoint.ts'
import type { CheckpointState } from '../../../../src/peer/checkpoint/checkpoint-file.ts'

const layout = layoutParameters([
  { name: 'embedding', shape: [7, 3], group: 0 },
  { name: 'block.0.weight', shape: [3, 5], group: 1 },
  { name: 'scale', shape: [], group: 2 },
])

function state(step: number, partial: Partial<CheckpointState> = {}): CheckpointState {
  const dice = random(step)
  const vector = () => sharedFloats(layout.length).map(() => dice.normal())
  return {
    tensors: layout.tensors,
    parameters: vector(),
    optimizer: { moment1: vector(), moment2: vector() },
    step,
    optimizerAge: step - 1,
    tokens: step * 512,
    batches: dice.save(),
    runId: 'f00d',
    specification: '{"name":"mürmur"}',
    ...partial,
  }
}

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'murmur-checkpoint-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const plain = ({ tensors, ...rest }: CheckpointState) => ({
  ...rest,
  tensors: tensors.map(({ name, shape }) => ({ name, shape: [...shape] })),
  parameters: [...rest.parameters],
  optimizer: Object.fromEntries(Object.entries(rest.optimizer).map(([name, vector]) => [name, [...vector]])),
})

test('what is written is read, bit by bit, over shared memory', async t => {
  for (const optimizer of [state(3).optimizer, { momentum: state(4).parameters }, {}]) {
    const directory = folder(t)
    const written = state(200, { optimizer })
    const { path, bytes, problems } = await writeCheckpoint(directory, written, { keep: 1 })
    t.is(bytes, readFileSync(path).length)
    t.deepEqual(problems, [])
    for (const from of [path, directory]) {
      const found = await readCheckpoint(from, { runId: 'f00d', tensors: layout.tensors })
      t.deepEqual(plain(found.state), plain(written))
      t.true(found.state.parameters.buffer instanceof SharedArrayBuffer)
    }
  }
})

test('NaN, infinities and negative zero survive, and so do vectors larger than a chunk', async t => {
  const values = new Float32Array(600_000).map((_, i) => [Number.NaN, Infinity, -Infinity, -0, i][i % 5]!)
  const tensors = [{ name: 'w', shape: [600, 1000] }]
  const { path } = await writeCheckpoint(
    folder(t),
    state(1, { tensors, parameters: values, optimizer: { m: values } }),
    { keep: 1 },
  )
  const found = await readCheckpoint(path)
  t.deepEqual(new Uint8Array(found.state.parameters.buffer), new Uint8Array(values.buffer))
  t.deepEqual(found.state.optimizer.m, found.state.parameters)
})

test('it is a safetensors file with the model’s own names', async t => {
  const { path } = await writeCheckpoint(folder(t), state(5), { keep: 1 })
  const bytes = readFileSync(path)
  const length = Number(bytes.readBigUInt64LE(0))
  t.is(length % 8, 0)
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<string, unknown>
  const of = (prefix: string) => layout.tensors.map(tensor => prefix + tensor.name)
  t.deepEqual(Object.keys(header), [
    '__metadata__',
    ...of(''),
    ...of('optimizer.moment1.'),
    ...of('optimizer.moment2.'),
  ])
  t.deepEqual(header['block.0.weight'], { dtype: 'F32', shape: [3, 5], data_offsets: [84, 144] })
  t.is(bytes.length, 8 + length + 3 * 4 * layout.length)
  t.true(Object.values(header.__metadata__ as object).every(value => typeof value === 'string'))
})

test('a change of any one bit is noticed, and a cut at any place', async t => {
  const directory = folder(t)
  const { path } = await writeCheckpoint(directory, state(5), { keep: 1 })
  const good = readFileSync(path)
  const refused = async (bytes: Uint8Array) => {
    writeFileSync(path, bytes)
    const error = await t.throwsAsync(() => readCheckpoint(path), { instanceOf: MurmurError })
    t.true(isErrorCode(error, 'CHECKPOINT_INVALID'))
    t.true(error.message.includes(path) && !error.message.includes('\n'))
  }
  for (let i = 0; i < good.length; i += 3) {
    const altered = Buffer.from(good)
    altered[i]! ^= 1 << (i % 8)
    await refused(altered)
  }
  for (let length = 0; length < good.length; length += 97) await refused(good.subarray(0, length))
  await refused(Buffer.concat([good, Buffer.alloc(1)]))
})

type Header = { __metadata__: Record<string, unknown> } & Record<
  'embedding' | 'block.0.weight' | 'scale' | 'optimizer.moment2.scale',
  { dtype: string; shape: number[]; data_offsets: [number, number] }
>

/** Rewrites the header of a good file. */
function withHeader(path: string, change: (header: Header) => void): void {
  const bytes = readFileSync(path)
  const length = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Header
  change(header)
  const json = Buffer.from(JSON.stringify(header))
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(BigInt(json.length))
  writeFileSync(path, Buffer.concat([prefix, json, bytes.subarray(8 + length)]))
}

for (const [what, message, change] of [
  [
    'overlapping tensors',
    /values of tensor block.0.weight at byte 84, found 80/,
    h => {
      h['block.0.weight'].data_offsets = [80, 140]
    },
  ],
  [
    'a gap',
    /at byte 84, found 144/,
    h => {
      delete (h as Partial<Header>)['block.0.weight']
    },
  ],
  [
    'another type',
    /dtype F32, found I32/,
    h => {
      h.scale.dtype = 'I32'
    },
  ],
  [
    'a shape that does not fit',
    /expected 64 bytes for tensor block.0.weight \[4,4\], found 60/,
    h => {
      h['block.0.weight'].shape = [4, 4]
    },
  ],
  [
    'a negative offset',
    /to have a known dtype, shape and data_offsets/,
    h => {
      h.embedding.data_offsets = [-4, 80]
    },
  ],
  [
    'offsets beyond the file',
    /bytes of values, found/,
    h => {
      h['optimizer.moment2.scale'].shape = [2]
      h['optimizer.moment2.scale'].data_offsets[1] += 4
    },
  ],
  [
    'enormous offsets',
    /expected/,
    h => {
      h.embedding.shape = [2 ** 50]
      h.embedding.data_offsets = [0, 2 ** 52]
    },
  ],
  [
    'no metadata',
    /expected a murmuration-checkpoint-2, found none/,
    h => {
      delete (h as Partial<Header>).__metadata__
    },
  ],
  [
    'metadata that are no strings',
    /strings/,
    h => {
      h.__metadata__.step = 5
    },
  ],
  [
    'another format',
    /expected a murmuration-checkpoint-2, found pt/,
    h => {
      delete h.__metadata__.checkpoint
    },
  ],
  [
    'no step',
    /metadata is incomplete/,
    h => {
      delete h.__metadata__.step
    },
  ],
  [
    'another step',
    /SHA-256/,
    h => {
      h.__metadata__.step = '6'
    },
  ],
  [
    'no optimizer state where there should be some',
    /does not match its parameters/,
    h => {
      h.__metadata__.optimizer = '["moment1"]'
    },
  ],
] as [string, RegExp, (header: Header) => void][]) {
  test(`a file with ${what} is refused`, async t => {
    const { path } = await writeCheckpoint(folder(t), state(5), { keep: 1 })
    withHeader(path, change)
    const error = await t.throwsAsync(() => readCheckpoint(path), { instanceOf: MurmurError, message })
    t.is(error.code, 'CHECKPOINT_INVALID')
  })
}

test('a checkpoint of another model or run is refused', async t => {
  const { path } = await writeCheckpoint(folder(t), state(5), { keep: 1 })
  const tensors = layout.tensors.map(tensor => (tensor.name === 'scale' ? { name: 'scale', shape: [1] } : tensor))
  const model = await t.throwsAsync(() => readCheckpoint(path, { tensors }), { instanceOf: MurmurError })
  t.is(model.code, 'CHECKPOINT_INVALID')
  t.regex(model.message, /of another model: expected scale \[1\], found scale \[\]$/)
  const run = await t.throwsAsync(() => readCheckpoint(path, { runId: 'beef' }), { instanceOf: MurmurError })
  t.is(run.code, 'RUN_MISMATCH')
  t.regex(run.message, /of run f00d: expected beef$/)
})

test('the newest ones are kept, and what a crash left is cleaned', async t => {
  const directory = folder(t)
  writeFileSync(join(directory, 'checkpoint-0000000150.safetensors.tmp'), 'half')
  writeFileSync(join(directory, 'notes.txt'), 'mine')
  t.is(await latestCheckpoint(directory), undefined)
  for (const step of [100, 200, 300]) await writeCheckpoint(directory, state(step), { keep: 2 })
  const names = ['checkpoint-0000000200.safetensors', 'checkpoint-0000000300.safetensors', 'notes.txt']
  t.deepEqual(readdirSync(directory).toSorted(), names)
  t.is((await latestCheckpoint(directory))?.state.step, 300)
})

test('a damaged newest checkpoint gives way to the one before it, and that is said', async t => {
  const directory = folder(t)
  await writeCheckpoint(directory, state(100), { keep: 3 })
  for (const step of [200, 300]) truncateSync((await writeCheckpoint(directory, state(step), { keep: 3 })).path, 1000)
  const found = await latestCheckpoint(directory)
  t.is(found?.state.step, 100)
  t.is(found?.problems.length, 2)
  t.regex(found?.problems[0]?.message ?? '', /checkpoint-0000000300.*cannot be used/)
  // Going on from there must not cost the good one for the sake of a newer name.
  await writeCheckpoint(directory, state(150), { keep: 1 })
  t.is((await latestCheckpoint(directory))?.state.step, 150)
})

test('nobody starts over when all are damaged', async t => {
  const directory = folder(t)
  for (const step of [100, 200]) truncateSync((await writeCheckpoint(directory, state(step), { keep: 2 })).path, 50)
  for (const read of [latestCheckpoint, readCheckpoint]) {
    const error = await t.throwsAsync(() => read(directory), { instanceOf: MurmurError })
    t.is(error.code, 'CHECKPOINT_INVALID')
    t.regex(error.message, /0000000200.*nor can the 1 before it: move .* away to start over$/)
  }
})

test('no checkpoint: none in a folder, and an error for who asks for one', async t => {
  const directory = folder(t)
  t.is(await latestCheckpoint(directory), undefined)
  t.is(await latestCheckpoint(join(directory, 'absent')), undefined)
  t.true(isErrorCode(await t.throwsAsync(() => readCheckpoint(directory)), 'CHECKPOINT_INVALID'))
  t.true(isErrorCode(await t.throwsAsync(() => readCheckpoint(join(directory, 'absent'))), 'STORAGE_FAILED'))
})

test('a folder that cannot be written is one clear line, and nothing is lost', async t => {
  const directory = folder(t)
  await writeCheckpoint(directory, state(100), { keep: 1 })
  const file = join(directory, 'file')
  writeFileSync(file, '')
  const error = await t.throwsAsync(() => writeCheckpoint(join(file, 'below'), state(200), { keep: 1 }), {
    instanceOf: MurmurError,
  })
  t.is(error.code, 'STORAGE_FAILED')
  t.regex(
    error.message,
    /^Could not write the checkpoint .*checkpoint-0000000200.*: a part of the path is a file.*\(ENOTDIR\)$/,
  )
  t.is((await latestCheckpoint(directory))?.state.step, 100)
})

test('each failure of a disk says what to do; other errors stay what they are', t => {
  for (const [code, says] of [
    ['ENOSPC', /disk is full: free some space/],
    ['EROFS', /read-only: choose another folder/],
    ['EACCES', /permission denied/],
    ['EWEIRD', /something odd/],
  ] as const) {
    const cause = Object.assign(new Error('something odd'), { code, syscall: 'write' })
    const error = storageError('write the checkpoint', '/x', cause) as MurmurError
    t.is(error.code, 'STORAGE_FAILED')
    t.regex(error.message, says)
    t.true(error.message.includes('/x') && error.message.includes(code))
  }
  const bug = new TypeError('bug')
  t.is(storageError('write', '/x', bug), bug)
})

import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { gpt } from '../../../../src/compute/models/gpt.ts'
import { layoutParameters } from '../../../../src/core/layout.ts'
import { random } from '../../../../src/core/random.ts'
import { openWeights } from '../../../../src/peer/checkpoint/weights.ts'

const config = { kind: 'gpt', layers: 2, width: 8, heads: 2, context: 4 } as const
const { kind: _, ...sizes } = config
const layout = layoutParameters(gpt({ ...sizes, vocabulary: 11 }).parameters, 3)

interface Tensor {
  dtype: string
  shape: number[]
  bytes: Buffer
}
type Tensors = Record<string, Tensor>

const floats = (shape: number[], values: ArrayLike<number>): Tensor => ({
  dtype: 'F32',
  shape,
  bytes: Buffer.from(Float32Array.from(values).buffer),
})

/** The tensors that the model wants, in an order of their own, with values that every dtype here can hold. */
function gpt2Tensors(prefix = ''): Tensors {
  const stream = random('weights')
  const tensors = layout.tensors.map(({ name, shape, length }) => {
    const values = Array.from({ length }, () => (stream.integer(256) - 128) / 64)
    return [`${prefix}${name}`, floats([...shape], values)] as const
  })
  return Object.fromEntries(tensors.toReversed())
}

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'murmur-weights-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

function write(path: string, tensors: Tensors, metadata?: Record<string, string>): string {
  let end = 0
  const entries = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
    end += bytes.length
    return [name, { dtype, shape, data_offsets: [end - bytes.length, end] }]
  })
  const json = Buffer.from(
    JSON.stringify(Object.fromEntries([...(metadata ? [['__metadata__', metadata]] : []), ...entries])),
  )
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(BigInt(json.length))
  writeFileSync(path, Buffer.concat([prefix, json, ...Object.values(tensors).map(({ bytes }) => bytes)]))
  return path
}

async function load(path: string): Promise<Float32Array> {
  const parameters = new Float32Array(layout.length)
  await (await openWeights(path, config)).read(layout, parameters)
  return parameters
}

function expected(): number[] {
  const tensors = gpt2Tensors()
  return layout.tensors.flatMap(({ name }) => {
    const { bytes } = tensors[name]!
    return [...new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)]
  })
}

function convert(tensors: Tensors, dtype: 'F16' | 'BF16'): Tensors {
  const entries = Object.entries(tensors).map(([name, { shape, bytes }]): [string, Tensor] => {
    const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    const halves =
      dtype === 'F16'
        ? Float16Array.from(values)
        : Uint16Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length), word => word >>> 16)
    return [name, { dtype, shape, bytes: Buffer.from(halves.buffer) }]
  })
  return Object.fromEntries(entries)
}

test('GPT-2 with and without its prefix, its masks and its tied head', async t => {
  const path = folder(t)
  const mask = { dtype: 'U8', shape: [1, 1, 4, 4], bytes: Buffer.alloc(16) }
  for (const prefix of ['', 'transformer.']) {
    const tensors = gpt2Tensors(prefix)
    tensors[`${prefix}h.0.attn.bias`] = mask
    tensors[`${prefix}h.1.attn.masked_bias`] = floats([], [-1e4])
    tensors['lm_head.weight'] = tensors[`${prefix}wte.weight`]!
    t.deepEqual([...(await load(write(join(path, 'model.safetensors'), tensors, { format: 'pt' })))], expected())
  }
  t.deepEqual([...(await load(path))], expected()) // a folder means the file in it
})

for (const dtype of ['F16', 'BF16'] as const) {
  test(`${dtype} becomes float32`, async t => {
    t.deepEqual([...(await load(write(join(folder(t), 'x'), convert(gpt2Tensors(), dtype))))], expected())
  })
}

test('of a folder model.safetensors, of a run directory its newest checkpoint', async t => {
  const path = folder(t)
  const checkpoints = join(path, 'checkpoints')
  mkdirSync(checkpoints)
  for (const step of ['0000000009', '0000000010']) {
    write(join(checkpoints, `checkpoint-${step}.safetensors`), gpt2Tensors())
  }
  const newest = join(checkpoints, 'checkpoint-0000000010.safetensors')
  t.is((await openWeights(path, config)).path, newest)
  t.is((await openWeights(checkpoints, config)).path, newest)
  const own = write(join(path, 'model.safetensors'), gpt2Tensors())
  t.is((await openWeights(path, config)).path, own)
  t.deepEqual([...(await load(path))], expected())
})

test("a checkpoint's optimizer state is left out", async t => {
  const tensors = gpt2Tensors()
  tensors['optimizer.moment1.wte.weight'] = tensors['wte.weight']!
  t.deepEqual([...(await load(write(join(folder(t), 'x'), tensors, { format: 'pt' })))], expected())
})

const faults: Record<string, [message: RegExp, change: (tensors: Tensors) => void]> = {
  'a tensor that is missing': [
    /expected tensor h\.1\.ln_2\.bias \[8\], found none; it fits model: \{kind: gpt, layers: 2/,
    tensors => delete tensors['h.1.ln_2.bias'],
  ],
  'a tensor of another shape': [
    /expected tensor h\.0\.mlp\.c_fc\.weight \[8,32\], found \[32,8\]/,
    tensors => {
      tensors['h.0.mlp.c_fc.weight']!.shape = [32, 8]
    },
  ],
  'another vocabulary': [
    /expected tensor wte\.weight \[11,8\], found \[12,8\]; it fits .*context: 4\} and a tokenizer of 12 tokens$/,
    tensors => {
      tensors['wte.weight'] = floats([12, 8], new Float32Array(96))
    },
  ],
  'more layers': [
    /the model has no tensor h\.2\.ln_1\.weight; it fits model: \{kind: gpt, layers: 3, width: 8, heads: 1, context: 4\}/,
    tensors => {
      tensors['h.2.ln_1.weight'] = floats([8], new Float32Array(8))
    },
  ],
  'a head of its own': [
    /expected lm_head\.weight to equal wte\.weight/,
    tensors => {
      tensors['lm_head.weight'] = floats([11, 8], new Float32Array(88))
    },
  ],
  'whole numbers': [
    /expected tensor ln_f\.weight to have one of the dtypes F32, F16, BF16, found I32/,
    tensors => {
      tensors['ln_f.weight']!.dtype = 'I32'
    },
  ],
  'a value that is not finite': [
    /tensor ln_f\.bias has values that are not finite/,
    tensors => {
      tensors['ln_f.bias']!.bytes.writeFloatLE(Number.NaN, 4)
    },
  ],
}

for (const [what, [message, change]] of Object.entries(faults)) {
  test(`${what} is one clear line`, async t => {
    const tensors = gpt2Tensors()
    change(tensors)
    await t.throwsAsync(load(write(join(folder(t), 'x'), tensors)), { code: 'CHECKPOINT_INVALID', message })
  })
}

test('a config.json or a checkpoint of a model that computes otherwise is refused, with the settings that fit', async t => {
  const path = folder(t)
  write(join(path, 'model.safetensors'), gpt2Tensors())
  const say = (json: object) => writeFileSync(join(path, 'config.json'), JSON.stringify(json))
  say({ n_head: 4 })
  await t.throwsAsync(load(path), { message: /made with n_head 4, expected 2; it fits .*heads: 4, context: 4\}/ })
  say({ n_head: 2, activation_function: 'relu' })
  await t.throwsAsync(load(path), { message: /made with activation_function relu, expected gelu_new/ })
  for (const other of [{ n_head: 2 }, { model_type: 'bert' }]) {
    say(other)
    t.deepEqual([...(await load(path))], expected())
  }
  const specification = JSON.stringify({ model: { ...config, heads: 8 } })
  const own = write(join(folder(t), 'x'), gpt2Tensors(), { specification })
  await t.throwsAsync(load(own), { message: /made with n_head 8, expected 2/ })
})

test('a file that is missing, cut short or something else', async t => {
  const path = join(folder(t), 'x')
  await t.throwsAsync(load(path), { code: 'STORAGE_FAILED', message: /no such file/ })
  write(path, gpt2Tensors())
  truncateSync(path, 5000)
  await t.throwsAsync(load(path), { code: 'CHECKPOINT_INVALID', message: /expected \d+ bytes of values, found \d+/ })
  writeFileSync(path, 'model: gpt2\nand some more text')
  await t.throwsAsync(load(path), { code: 'CHECKPOINT_INVALID', message: /no safetensors file/ })
})

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { gpt } from '../../../../src/compute/models/gpt.ts'
import { layoutParameters } from '../../../../src/core/layout.ts'
import { random } from '../../../../src/core/random.ts'
import { writeHuggingFace } from '../../../../src/peer/checkpoint/huggingface.ts'
import { openWeights } from '../../../../src/peer/checkpoint/weights.ts'

const sizes = { layers: 2, width: 8, heads: 2, context: 4 }
const model = { kind: 'gpt', ...sizes } as const
const layout = layoutParameters(gpt({ ...sizes, vocabulary: 11 }).parameters, 1)
const stream = random('hugging face')
const parameters = Float32Array.from({ length: layout.length }, () => stream.normal())
const content = { model, state: { tensors: layout.tensors, parameters }, tokenizer: Buffer.from('{}') }

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'murmur-huggingface-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

test('a folder as transformers wants it, which can be read back', async t => {
  const path = join(folder(t), 'new', 'model')
  const files = await writeHuggingFace(path, { ...content, endOfText: 10 })
  t.deepEqual(files.map(file => file.slice(path.length + 1)).toSorted(), readdirSync(path).toSorted())
  t.like(JSON.parse(readFileSync(join(path, 'config.json'), 'utf8')), {
    model_type: 'gpt2',
    architectures: ['GPT2LMHeadModel'],
    activation_function: 'gelu_new',
    layer_norm_epsilon: 1e-5,
    vocab_size: 11,
    n_positions: 4,
    n_embd: 8,
    n_layer: 2,
    n_head: 2,
    eos_token_id: 10,
  })
  const file = readFileSync(join(path, 'model.safetensors'))
  const header = JSON.parse(file.subarray(8, 8 + Number(file.readBigUInt64LE())).toString())
  t.deepEqual(header.__metadata__, { format: 'pt' })
  t.deepEqual(header['h.1.attn.c_attn.weight'].shape, [8, 24])
  t.is(Object.keys(header).length, layout.tensors.length + 1)
  const back = new Float32Array(layout.length)
  await (await openWeights(path, model)).read(layout, back)
  t.deepEqual(back, parameters)
})

test('other models are refused, and so is a place that cannot be written to', async t => {
  const path = join(folder(t), 'file')
  writeFileSync(path, '')
  const images = { ...content, model: { kind: 'mlp' as const, hidden: [2] } }
  await t.throwsAsync(writeHuggingFace(path, images), { code: 'USAGE', message: /checkpoint of a gpt.* of kind mlp/ })
  await t.throwsAsync(writeHuggingFace(path, content), { code: 'STORAGE_FAILED' })
})

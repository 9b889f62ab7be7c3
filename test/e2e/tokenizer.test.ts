import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import ort from 'onnxruntime-node'
import { spawnMurmur } from '../support/murmur-process.ts'
import { runFolder } from '../support/run-folder.ts'
import { tinyText } from '../support/tiny-text.ts'
import { tinyTokenizerJson } from '../support/tiny-tokenizer.ts'

/** Runs over other tokens than bytes, as their users run them: real processes. */

const NETWORK = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-relay']

test('a run over a tokenizer.json: joined without the file, evaluated, continued in text, exported, begun anew', async t => {
  const { folder, write } = await runFolder(t)
  const cache = { XDG_CACHE_HOME: join(folder, 'cache') }
  const spawn = (args: string[], cwd = folder) => spawnMurmur(t, args, { cwd, env: cache })
  const data = { paths: [join(folder, 'text.txt')], tokenizer: { file: 'tokenizer.json' } }
  const yaml = await write('tokens.yaml', { data })
  const json = JSON.stringify(tinyTokenizerJson())
  writeFileSync(join(folder, 'tokenizer.json'), json)

  const first = spawn(['start', yaml, '--directory', 'first', ...NETWORK])
  const { peer, run, invitations } = await first.listening()
  const elsewhere = join(folder, 'elsewhere')
  mkdirSync(elsewhere)
  writeFileSync(join(elsewhere, 'tokenizer.json'), '{"another": "one"}')
  const joiner = spawn(['join', invitations[0]!, '--directory', 'second', ...NETWORK], elsewhere)
  await joiner.event('warning', ({ reason, message }) => reason === 'tokenizer-other' && /found/.test(message))
  await joiner.event('exchange', ({ partner, outcome }) => partner === peer && outcome === 'ok')
  t.is(readFileSync(join(elsewhere, 'second', 'tokenizer.json'), 'utf8'), json)
  for (const each of [joiner, first]) each.kill('SIGINT')
  for (const each of [joiner, first]) t.is((await each.ended).code, 0)
  t.is(readdirSync(join(folder, 'cache', 'murmuration', 'tokens')).length, 1) // both read the same one

  // The file that was named is not needed any more.
  rmSync(join(folder, 'tokenizer.json'))
  const evaluated = (await spawn(['evaluate', 'first']).ended).last as Record<string, number>
  const bytesPerToken = evaluated.validationLoss! / Math.LN2 / evaluated.bitsPerByte!
  t.true(bytesPerToken > 1.1 && bytesPerToken < 3, `${bytesPerToken} bytes a token`)
  const { last: generated } = await spawn(['generate', 'first', '--prompt', 'the ', '--tokens', '40']).ended
  t.true(String(generated.text).length > 20 && !String(generated.text).includes('\ufffd\ufffd\ufffd'))
  const { last: inspected } = await spawn(['inspect', 'first']).ended
  t.is(inspected.run, run)

  const { last: exported, code } = await spawn(['export', 'first', '--onnx', 'model.onnx', '--huggingface', 'model'])
    .ended
  t.is(code, 0)
  t.like(exported.onnx, { input: 'input_ids', shape: ['batch', 32] })
  const session = await ort.InferenceSession.create(join(folder, 'model.onnx'))
  t.like(session.outputMetadata[0], { shape: ['batch', 32, 274] })
  await session.release()
  t.is(readFileSync(join(folder, 'model', 'tokenizer.json'), 'utf8'), json)
  t.like(await spawn(['export', 'first', '--onnx', 'model.onnx']).ended, { code: 2 })

  // What was exported begins another run where this one ended.
  const again = await write('again.yaml', {
    data: { ...data, tokenizer: { file: 'model/tokenizer.json' } },
    steps: 1,
    evaluation: { every: 1, batches: 2 },
  })
  const second = spawn(['train', again, '--weights', 'model', '--directory', 'third'])
  const { loss } = await second.event('evaluation', ({ step }) => step === 0)
  t.true(Math.abs(loss - evaluated.validationLoss!) < 1e-4)
  t.is((await second.ended).code, 0)
})

test('Ctrl-C while text is tokenised stops at once and leaves nothing', async t => {
  const { folder, write } = await runFolder(t)
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tinyTokenizerJson()))
  const long = join(folder, 'long.txt')
  writeFileSync(long, tinyText(1_000_000).repeat(30))
  const yaml = await write('tokens.yaml', { data: { paths: [long], tokenizer: { file: 'tokenizer.json' } } })
  const cache = join(folder, 'cache')
  const peer = spawnMurmur(t, ['train', yaml, '--directory', 'run'], { cwd: folder, env: { XDG_CACHE_HOME: cache } })
  const { detail, fraction } = await peer.event('state', event => event.fraction !== undefined)
  t.regex(detail!, /^tokenising 30\.0 MB of text$/)
  t.true(fraction! > 0 && fraction! < 1)
  t.is(readdirSync(join(cache, 'murmuration', 'tokens')).length, 2) // the unfinished file and its lock
  peer.kill('SIGINT')
  t.is((await peer.ended).code, 0)
  t.deepEqual(readdirSync(join(cache, 'murmuration', 'tokens')), [])
})

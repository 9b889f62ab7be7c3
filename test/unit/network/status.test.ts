import test from 'ava'
import { random } from '../../../src/core/random.ts'
import {
  decodeStatus,
  encodeStatus,
  MAX_HOSTED_SHARDS,
  MAX_STATUS_ADDRESSES,
  MAX_STATUS_BYTES,
  type Status,
} from '../../../src/network/status.ts'

const status: Status = {
  version: 1,
  sequence: 3,
  startedAt: 1_700_000_000_000,
  state: 'training',
  shards: ['shard-0', 'shard-1'],
  step: 100,
  tokens: 51_200,
  loss: 2.5,
  staleness: 1.5,
  tokensPerSecond: 12_000,
  backend: 'onnx-cpu',
  addresses: ['/ip4/192.0.2.1/tcp/4001'],
}

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

test('a status survives the wire', t => {
  t.deepEqual(decodeStatus(encodeStatus(status)), status)
  const fullest = {
    ...status,
    shards: Array(MAX_HOSTED_SHARDS).fill('s'.repeat(64)),
    addresses: Array(MAX_STATUS_ADDRESSES).fill('a'.repeat(256)),
    backend: 'b'.repeat(64),
    region: 'é'.repeat(64),
  }
  t.true(encodeStatus(fullest).byteLength <= MAX_STATUS_BYTES)
  t.deepEqual(decodeStatus(encodeStatus(fullest)), fullest)
})

test('the same bytes are read once, equal ones and faults each by themselves', t => {
  const bytes = encodeStatus(status)
  t.is(decodeStatus(bytes), decodeStatus(bytes))
  t.not(decodeStatus(bytes), decodeStatus(bytes.slice()))
  const fault = Uint8Array.of(0xff)
  t.is(decodeStatus(fault), 'not-json')
  t.is(decodeStatus(fault), 'not-json')
})

test('what is no status is told apart by reason', t => {
  t.is(decodeStatus(new Uint8Array(MAX_STATUS_BYTES + 1)), 'too-long')
  t.is(decodeStatus(Uint8Array.of(0xff, 0xfe)), 'not-json')
  t.is(decodeStatus(encode(null)), 'schema')
  t.is(decodeStatus(encode({ ...status, version: 2 })), 'version')
  t.is(decodeStatus(encode({ version: 2, anything: 'else' })), 'version')
  t.is(decodeStatus(encode({ ...status, version: 'one' })), 'schema')
  for (const wrong of [
    { step: -1 },
    { step: 1.5 },
    { loss: 'low' },
    { state: 'dancing' },
    { tokensPerSecond: null },
    { shards: Array(MAX_HOSTED_SHARDS + 1).fill('s') },
    { shards: [''] },
    { shards: ['s'.repeat(65)] },
    { addresses: Array(MAX_STATUS_ADDRESSES + 1).fill('a') },
    { addresses: ['a'.repeat(257)] },
    { region: '' },
    { region: 'a b' },
    { region: 'r'.repeat(65) },
    { surprise: true },
  ]) {
    t.is(decodeStatus(encode({ ...status, ...wrong })), 'schema', JSON.stringify(wrong).slice(0, 80))
  }
})

test('no bytes at all make it throw', t => {
  const source = random('garbage')
  const valid = encodeStatus(status)
  for (let i = 0; i < 500; i++) {
    const data = i % 2 === 0 ? valid.slice() : new Uint8Array(source.integer(300))
    for (let k = 0; k < 5; k++) data[source.integer(Math.max(1, data.length))] = source.integer(256)
    t.notThrows(() => decodeStatus(data))
  }
})

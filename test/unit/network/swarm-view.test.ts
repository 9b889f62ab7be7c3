import test from 'ava'
import type { Status } from '../../../src/network/status.ts'
import { swarmView } from '../../../src/network/swarm-view.ts'

const status = (changes: Partial<Status> = {}): Status => ({
  version: 1,
  sequence: 1,
  startedAt: 1000,
  state: 'training',
  shards: ['shard-0'],
  step: 0,
  tokens: 0,
  loss: null,
  staleness: 0,
  tokensPerSecond: 0,
  backend: 'onnx-cpu',
  addresses: [],
  ...changes,
})

const view = () => swarmView({ timeoutMs: 100, graceMs: 30, maxPeers: 3 })

test('takes only what is newer than what it knows', t => {
  const swarm = view()
  t.is(swarm.hear('a', status({ sequence: 5, step: 50 }), 0), 'joined')
  t.is(swarm.hear('a', status({ sequence: 4, step: 40 }), 1), 'stale')
  t.is(swarm.hear('a', status({ sequence: 5, step: 51 }), 2), 'stale')
  t.is(swarm.hear('a', status({ sequence: 6, step: 60 }), 3), 'updated')
  t.is(swarm.get('a')?.step, 60)
  t.is(swarm.hear('a', status({ startedAt: 2000, sequence: 1, step: 7 }), 4), 'updated', 'it was started again')
  t.is(swarm.hear('a', status({ startedAt: 1000, sequence: 9, step: 90 }), 5), 'stale', 'a word from its former life')
  t.is(swarm.get('a')?.step, 7)
})

test('loses those silent for the timeout, each once', t => {
  const swarm = view()
  swarm.hear('a', status(), 0)
  swarm.hear('b', status(), 10)
  t.is(swarm.nextExpiry(), 100)
  t.is(swarm.expireOne(99), undefined)
  t.is(swarm.expireOne(100), 'a')
  t.is(swarm.expireOne(100), undefined)
  t.deepEqual(
    swarm.members().map(member => member.peer),
    ['b'],
  )
  swarm.hear('b', status({ sequence: 2 }), 105)
  t.is(swarm.nextExpiry(), 205)
})

test('a broken connection shortens the wait, until the peer is heard or connected again', t => {
  const swarm = view()
  for (const peer of ['a', 'b', 'c']) swarm.hear(peer, status(), 0)
  for (const peer of ['a', 'b', 'c', 'unknown']) swarm.doubt(peer, 20)
  t.true(swarm.doubted('a'))
  t.is(swarm.nextExpiry(), 50)
  swarm.hear('b', status({ sequence: 2 }), 40)
  swarm.trust('c')
  t.deepEqual(
    ['a', 'b', 'c'].map(peer => swarm.doubted(peer)),
    [true, false, false],
  )
  t.is(swarm.expireOne(50), 'a')
  t.is(swarm.expireOne(99), undefined)
  t.is(swarm.expireOne(100), 'c')
})

test('a goodbye outlives the words that overtake it, for a while', t => {
  const swarm = view()
  swarm.hear('a', status({ sequence: 5 }), 0)
  t.is(swarm.hear('a', status({ sequence: 7, state: 'leaving' }), 10), 'left')
  t.is(swarm.hear('a', status({ sequence: 6 }), 11), 'stale')
  t.is(swarm.size, 0)
  t.is(swarm.hear('a', status({ startedAt: 3000 }), 12), 'joined', 'a new life')
  swarm.hear('a', status({ startedAt: 3000, sequence: 2, state: 'leaving' }), 20)
  swarm.expireOne(121)
  t.is(swarm.hear('a', status({ sequence: 1 }), 122), 'joined', 'its clock was set back')
})

test('keeps track of a bounded number of peers and goodbyes', t => {
  const swarm = view()
  const names = Array.from({ length: 10 }, (_, i) => `peer-${i}`)
  t.deepEqual(
    names.map(peer => swarm.hear(peer, status(), 0)),
    [...Array(3).fill('joined'), ...Array(7).fill('full')],
  )
  t.is(swarm.size, 3)
  const strangers = names.slice(3).map(peer => swarm.hear(peer, status({ state: 'leaving' }), 0))
  t.deepEqual(strangers, [...Array(3).fill('updated'), ...Array(4).fill('full')])
})

test('lists of hosts stay the same arrays until something changes that decides them', t => {
  const swarm = view()
  swarm.hear('a', status(), 0)
  swarm.hear('b', status({ state: 'lingering' }), 0)
  swarm.hear('c', status({ state: 'joining' }), 0)
  let hosts = swarm.hosts('shard-0')
  t.deepEqual(hosts, ['a', 'b'])
  t.deepEqual(swarm.training('shard-0'), ['a'])
  t.deepEqual(swarm.hosts('shard-1'), [])
  swarm.hear('a', status({ sequence: 2, step: 9, shards: ['shard-0'] }), 10)
  swarm.trust('a')
  t.is(swarm.hosts('shard-0'), hosts, 'progress alone')
  const changes: [string, () => void, string[]][] = [
    ['doubted', () => swarm.doubt('a', 20), ['b']],
    ['trusted', () => swarm.trust('a'), ['a', 'b']],
    ['doubted again', () => swarm.doubt('a', 20), ['b']],
    ['heard', () => swarm.hear('a', status({ sequence: 3 }), 21), ['a', 'b']],
    ['another state', () => swarm.hear('c', status({ sequence: 2 }), 22), ['a', 'b', 'c']],
    ['other shards', () => swarm.hear('c', status({ sequence: 3, shards: ['shard-1'] }), 23), ['a', 'b']],
    ['a goodbye', () => swarm.hear('a', status({ sequence: 4, state: 'leaving' }), 24), ['b']],
    ['a newcomer', () => swarm.hear('d', status(), 25), ['b', 'd']],
    ['silence', () => swarm.expireOne(100), ['d']],
  ]
  for (const [what, change, expected] of changes) {
    change()
    hosts = swarm.hosts('shard-0')
    t.deepEqual(hosts, expected, what)
  }
})

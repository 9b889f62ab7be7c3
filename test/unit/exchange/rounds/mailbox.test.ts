import { setImmediate as turn } from 'node:timers/promises'
import test from 'ava'
import { type Clock, systemClock } from '../../../../src/core/clock.ts'
import { wireFormat } from '../../../../src/exchange/compression/wire-format.ts'
import { LETTER_PROTOCOL } from '../../../../src/exchange/rounds/letter.ts'
import { LaterRound, type Mailbox, mailbox } from '../../../../src/exchange/rounds/mailbox.ts'
import { memoryNetwork } from '../../../../src/network/memory.ts'
import type { Channel } from '../../../../src/network/transport.ts'
import { virtualClock } from '../../../support/virtual-clock.ts'

const never = new AbortController().signal
const float32 = wireFormat('float32')
const subject = (round: number, part = 'part') => ({ round, group: 'group', part, format: float32 })

/** Two peers and a third that only opens streams. */
async function post({ clock = systemClock, patience = 20_000 }: { clock?: Clock; patience?: number } = {}) {
  const network = memoryNetwork()
  const overtaken: [string, number][] = []
  const bytes: string[] = []
  const open = async (id: string) => {
    const transport = network.transport(id)
    await transport.start()
    for (const other of ['a', 'b', 'stranger']) await transport.learn(other, [`/memory/${other}`])
    return transport
  }
  const boxOf = async (id: string): Promise<Mailbox> => {
    const box = mailbox(
      { transport: await open(id), clock, run: 'run' },
      {
        longest: 1000,
        patience,
        onBytes: peer => bytes.push(`${id} ${peer}`),
        onOvertaken: (peer, round) => overtaken.push([peer, round]),
      },
    )
    await box.start()
    return box
  }
  const [a, b] = [await boxOf('a'), await boxOf('b')]
  const stranger = await open('stranger')
  return { a, b, overtaken, bytes, stranger: () => stranger.open('b', LETTER_PROTOCOL, never) }
}

const head = (changes: object = {}) => ({
  version: 1,
  run: 'run',
  round: 1,
  group: 'group',
  part: 'part',
  length: 2,
  bytes: 8,
  format: 'float32',
  notes: [],
  ...changes,
})
const say = (channel: Channel, message: unknown) =>
  channel.send(new TextEncoder().encode(JSON.stringify(message)), never)
const ended = async (channel: Channel) => {
  await channel.receive(never).then(
    () => {},
    () => {},
  )
}

test('letters find whoever asks for them, in whatever order', async t => {
  const { a, b, bytes } = await post()
  const first = new Float32Array(2)
  const second = new Float32Array(2)
  const sent = [
    a.send('b', subject(1, 'first'), Float32Array.of(1, 2), [7, -1], never),
    a.send('b', subject(1, 'second'), Float32Array.of(3, 4), [], never),
  ]
  const later = b.receive('a', subject(1, 'second'), second, never)
  t.deepEqual(await b.receive('a', subject(1, 'first'), first, never), [7, -1])
  await later
  for (const { taken } of await Promise.all(sent)) await taken
  await turn()
  t.deepEqual([...first, ...second], [1, 2, 3, 4])
  t.deepEqual(bytes.toSorted(), ['a b', 'a b', 'b a', 'b a'])
})

test('a letter of a round that is over is thrown away, its sender told, and the next one arrives', async t => {
  const { a, b, overtaken } = await post()
  b.enter(5, ['a'])
  await (await a.send('b', subject(4), Float32Array.of(1), [], never)).taken
  const into = new Float32Array(1)
  const sent = a.send('b', subject(5), Float32Array.of(2), [], never)
  await Promise.all([sent, b.receive('a', subject(5), into, never)])
  t.is(into[0], 2)
  t.deepEqual(overtaken, [['b', 5]])
})

test('a letter that waits is thrown away when its round ends', async t => {
  const { a, b, overtaken } = await post()
  await a.send('b', subject(1), Float32Array.of(1), [], never)
  b.enter(2, ['a'])
  const into = new Float32Array(1)
  const sent = a.send('b', subject(2), Float32Array.of(2), [], never)
  await Promise.all([sent, b.receive('a', subject(2), into, never)])
  t.is(into[0], 2)
  t.deepEqual(overtaken, [['b', 2]])
})

test('whoever waits for a peer that has gone on is told so; others wait on', async t => {
  const { a, b } = await post()
  const waiting = b.receive('a', subject(1), new Float32Array(1), never)
  const stop = new AbortController()
  const other = b.receive('stranger', subject(1), new Float32Array(1), stop.signal)
  await a.send('b', subject(3), Float32Array.of(1), [], never)
  const error = await t.throwsAsync(waiting, { instanceOf: LaterRound })
  t.is(error.round, 3)
  stop.abort(new Error('enough'))
  await t.throwsAsync(other, { message: 'enough' })
})

test('whoever asks a peer that has gone on before is told so at once', async t => {
  const { a, b } = await post()
  const { taken } = await a.send('b', subject(3), Float32Array.of(1), [], never)
  b.enter(4, ['a'])
  await taken
  await t.throwsAsync(b.receive('a', subject(2), new Float32Array(1), never), { instanceOf: LaterRound })
})

test("a note says that its sender has gone on, and is in nobody's way", async t => {
  const { a, b } = await post()
  const waiting = b.receive('a', subject(1), new Float32Array(1), never)
  a.tell(['b', 'nobody'], 2)
  await t.throwsAsync(waiting, { instanceOf: LaterRound })
  const into = new Float32Array(1)
  const sent = a.send('b', subject(2), Float32Array.of(5), [], never)
  await b.receive('a', subject(2), into, never)
  await (await sent).taken
  t.is(into[0], 5)
})

test('a letter is taken when it has arrived, and known to be lost when its stream broke before', async t => {
  const { a, b } = await post()
  const { taken } = await a.send('b', subject(1), Float32Array.of(1), [], never)
  let known = false
  taken
    .catch(() => {})
    .then(() => {
      known = true
    })
  for (let i = 0; i < 10; i++) await turn()
  t.false(known)
  b.stop()
  await t.throwsAsync(taken, { code: 'CHANNEL_BROKEN' })
})

test('whoever gave up gets nothing written any more', async t => {
  const { a, b } = await post()
  const stop = new AbortController()
  const into = new Float32Array(2)
  const waiting = b.receive('a', subject(1), into, stop.signal)
  stop.abort(new Error('enough'))
  await t.throwsAsync(waiting, { message: 'enough' })
  await a.send('b', subject(1), Float32Array.of(1, 2), [], never)
  await turn()
  t.deepEqual([...into], [0, 0])
})

const faults: Record<string, [code: string, say: (channel: Channel) => Promise<void>]> = {
  'too many values': ['MESSAGE_INVALID', channel => say(channel, head({ length: 3, bytes: 12 }))],
  'too few bytes': ['MESSAGE_INVALID', channel => say(channel, head({ bytes: 4 }))],
  'another encoding': ['MESSAGE_INVALID', channel => say(channel, head({ format: 'int8' }))],
  NaN: [
    'VALUES_INVALID',
    async channel => {
      await say(channel, head())
      await channel.sendBulk([new Uint8Array(Float32Array.of(1, Number.NaN).buffer)], never)
    },
  ],
  'half a letter': [
    'CHANNEL_BROKEN',
    async channel => {
      await say(channel, head())
      await channel.sendBulk([new Uint8Array(4)], never)
      await turn()
      channel.abort(new Error('dead'))
    },
  ],
}

for (const [name, [code, misbehave]] of Object.entries(faults)) {
  test(`${name}: whoever asked is told at once`, async t => {
    const { b, stranger } = await post()
    const waiting = b.receive('stranger', subject(1), new Float32Array(2), never)
    const channel = await stranger()
    await Promise.all([t.throwsAsync(waiting, { code }), misbehave(channel)])
  })
}

const nonsense: Record<string, unknown> = {
  'no letter': 'hello',
  'a letter of another run': head({ run: 'other' }),
  'a letter longer than any': head({ length: 1001, bytes: 4004 }),
  'more bytes than any encoding takes': head({ bytes: 8001 }),
  'a round that is no number': head({ round: 1e300 }),
  'a round before the first': head({ round: -1 }),
  'too many notes': head({ notes: [1, 2, 3, 4, 5] }),
  'a name without end': head({ part: 'x'.repeat(65) }),
}

for (const [name, message] of Object.entries(nonsense)) {
  test(`${name} ends its own stream and nothing else`, async t => {
    const { a, b, stranger } = await post()
    const channel = await stranger()
    await say(channel, message)
    await ended(channel)
    const into = new Float32Array(1)
    const sent = a.send('b', subject(1), Float32Array.of(2), [], never)
    await Promise.all([sent, b.receive('a', subject(1), into, never)])
    t.is(into[0], 2)
  })
}

/** A mailbox whose letters go to a handler of the test's own. */
async function boxTo(handler: (channel: Channel) => Promise<void>): Promise<Mailbox> {
  const network = memoryNetwork()
  const [near, far] = [network.transport('near'), network.transport('far')]
  for (const transport of [near, far]) await transport.start()
  await near.learn('far', ['/memory/far'])
  await far.handle(LETTER_PROTOCOL, handler)
  const init = { longest: 10, patience: 1000, onBytes() {}, onOvertaken() {} }
  return mailbox({ transport: near, clock: systemClock, run: 'run' }, init)
}

test('answers that are none cost the stream, and the next letter takes another', async t => {
  const streams: Promise<void>[] = []
  const box = await boxTo(async channel => {
    streams.push(ended(channel).then(() => ended(channel)))
    await say(channel, { version: 1, round: 'absurd' })
    await streams.at(-1)
  })
  for (let letters = 0; streams.length < 3 && letters < 100; letters++) {
    await box.send('far', subject(1), Float32Array.of(1), [], never).catch(() => {}) // it may end before or after
    await turn()
  }
  t.is(streams.length, 3)
})

test('streams to peers that are gone are closed, and to others stay open', async t => {
  let open = 0
  const gone = Promise.withResolvers<void>()
  const box = await boxTo(async channel => {
    open += 1
    await channel.receive(never)
    for await (const _ of channel.receiveBulk(4, never));
    await ended(channel)
    open -= 1
    gone.resolve()
  })
  await box.send('far', subject(1), Float32Array.of(1), [], never)
  box.enter(2, ['far'])
  for (let i = 0; i < 10; i++) await turn()
  t.is(open, 1)
  box.enter(3, ['another'])
  await gone.promise
  t.is(open, 0)
})

test('one stream of each peer is read: a second one takes the place of the first', async t => {
  const { stranger } = await post()
  const first = await stranger()
  await say(first, head({ round: 9 }))
  const second = await stranger()
  await say(second, head({ round: 9 }))
  await ended(first)
  t.pass()
})

test('a letter that nobody asks for is given up after a while', async t => {
  const clock = virtualClock()
  const { stranger } = await post({ clock, patience: 5000 })
  const channel = await stranger()
  await say(channel, head({ round: 2 ** 53 - 1 }))
  const over = ended(channel)
  await clock.advance(5001)
  await over
  t.pass()
})

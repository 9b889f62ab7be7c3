import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { text as allText } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ExecutionContext, TestFn } from 'ava'
import { isErrorCode } from '../../src/core/errors.ts'
import { random } from '../../src/core/random.ts'
import {
  type Channel,
  type ChannelHandler,
  type ConnectionChange,
  MAX_MESSAGE_BYTES,
  MAX_PUBLISH_BYTES,
  type Transport,
} from '../../src/network/transport.ts'

/** A network that the suite can fill with peers. They must not connect to any that a test does not connect them to. */
export interface TransportWorld {
  /** A new peer, not started. */
  make(name: string): Promise<Transport>
  /** A well-formed address where nobody answers. */
  nowhere(): string
}

const PROTOCOL = '/murmuration/test/1.0.0'
const MIB = 2 ** 20

/**
 * What every transport must do, whatever carries it: run with each implementation.
 * @param program JavaScript that makes an array `peers` of two transports, not started, in a process of its own
 */
export function transportSuite(test: TestFn, name: string, world: () => TransportWorld, program: string): void {
  const it = (title: string, body: (t: ExecutionContext, peers: Peers) => Promise<void>) =>
    test.serial(`${name}: ${title}`, async t => {
      t.timeout(60_000)
      const peers = new Peers(world())
      t.teardown(() => peers.stop())
      await body(t, peers)
    })

  it('carries messages both ways, in order and of every size up to the limit', async (t, peers) => {
    const { channel } = await peers.channel(async (far, signal) => {
      for (let i = 0; i < 6; i++) await far.send(await far.receive(signal), signal)
    })
    const sizes = [0, 1, 127, 128, 16_384, MAX_MESSAGE_BYTES]
    const messages = sizes.map((size, i) => bytes(size, i))
    for (const message of messages) await channel.send(message, peers.signal)
    for (const message of messages) {
      t.deepEqual(Buffer.from(await channel.receive(peers.signal)), Buffer.from(message))
    }
    const prefixes = [1, 1, 1, 2, 3, 3]
    const total = [...sizes, ...prefixes].reduce((sum, size) => sum + size, 0)
    t.is(channel.bytesSent, total)
    t.is(channel.bytesReceived, total)
  })

  it('carries bulk bytes intact, between messages, from shared memory too', async (t, peers) => {
    const length = 9 * MIB + 12_345
    const { channel } = await peers.channel(async (far, signal) => {
      const announced = Number(text(await far.receive(signal)))
      const hash = createHash('sha256')
      for await (const chunk of far.receiveBulk(announced, signal)) hash.update(chunk)
      await far.send(message(`${hash.digest('hex')} ${text(await far.receive(signal))}`), signal)
    })
    const data = new Uint8Array(new SharedArrayBuffer(length))
    data.set(bytes(length, 7))
    await channel.send(message(String(length)), peers.signal)
    await channel.sendBulk(pieces(data, [1, 100_000, 3_000_000]), peers.signal)
    await channel.send(message('after'), peers.signal)
    t.is(text(await channel.receive(peers.signal)), `${createHash('sha256').update(data).digest('hex')} after`)
  })

  it('carries bulk bytes both ways at once', async (t, peers) => {
    const length = 6 * MIB
    const swap = async (channel: Channel, signal: AbortSignal) => {
      const [, received] = await Promise.all([
        channel.sendBulk(blocks(length), signal),
        size(channel.receiveBulk(length, signal)),
      ])
      return received
    }
    const far = Promise.withResolvers<number>()
    const { channel } = await peers.channel(async (channel, signal) => far.resolve(await swap(channel, signal)))
    t.is(await swap(channel, peers.signal), length)
    t.is(await far.promise, length)
  })

  it('holds the sender back to the pace of a slow reader', async (t, peers) => {
    const length = 40 * MIB
    let taken = 0
    let ahead = 0
    const done = Promise.withResolvers<void>()
    const { channel } = await peers.channel(async (far, signal) => {
      let read = 0
      for await (const chunk of far.receiveBulk(length, signal)) {
        read += chunk.byteLength
        // Far longer than a sender needs for as many bytes, until it is about to finish.
        for (let turn = 0; turn < 40; turn++) await nextTurn()
        ahead = Math.max(ahead, taken - read)
        if (read > 16 * MIB) break
      }
      for await (const _ of far.receiveBulk(length - read, signal));
      done.resolve()
    })
    const source = function* () {
      for (const block of blocks(length)) {
        taken += block.byteLength
        yield block
      }
    }
    await channel.sendBulk(source(), peers.signal)
    await done.promise
    t.true(ahead <= 12 * MIB, `the sender was ${ahead} bytes ahead`)
  })

  it('refuses to send a message that is too long', async (t, peers) => {
    const { channel } = await peers.channel(async (far, signal) => far.send(await far.receive(signal), signal))
    const tooLong = new Uint8Array(MAX_MESSAGE_BYTES + 1)
    await t.throwsAsync(channel.send(tooLong, peers.signal), { code: 'MESSAGE_INVALID' })
    await channel.send(message('still open'), peers.signal)
    t.is(text(await channel.receive(peers.signal)), 'still open')
  })

  it('refuses to receive a message that is too long, and resets the stream', async (t, peers) => {
    const refused = Promise.withResolvers<unknown>()
    const { channel } = await peers.channel(async (far, signal) => {
      await far.receive(signal).catch(refused.resolve)
      await far.receive(signal)
    })
    await channel.sendBulk([Uint8Array.of(0x81, 0x80, 0x04)], peers.signal) // 65,537 as a varint
    t.true(isErrorCode(await refused.promise, 'MESSAGE_INVALID'))
    await t.throwsAsync(channel.receive(peers.signal), { code: 'CHANNEL_BROKEN' })
  })

  it('survives garbage', async (t, peers) => {
    const outcomes: string[] = []
    const { near, far } = await peers.pair()
    const answered = Promise.withResolvers<void>()
    await far.handle(PROTOCOL, async (channel, signal) => {
      try {
        for (;;) await channel.receive(signal)
      } catch (error) {
        outcomes.push((error as { code: string }).code)
        if (outcomes.length === 20) answered.resolve()
        throw error
      }
    })
    for (let i = 0; i < 20; i++) {
      const channel = await near.open(far.id, PROTOCOL, peers.signal)
      await channel.sendBulk([bytes(1000 * i + 1, i)], peers.signal).catch(() => {}) // it may be reset meanwhile
      await channel.close()
    }
    await answered.promise
    t.deepEqual([...new Set(outcomes)].sort(), ['CHANNEL_BROKEN', 'MESSAGE_INVALID'])
    t.deepEqual(near.connected(), [far.id])
  })

  it('tells the reader when the sender aborts in the middle', async (t, peers) => {
    const outcome = Promise.withResolvers<unknown>()
    const { channel } = await peers.channel(async (far, signal) => {
      await size(far.receiveBulk(64 * MIB, signal)).catch(outcome.resolve)
    })
    await channel.sendBulk(blocks(3 * MIB), peers.signal)
    channel.abort(new Error('changed my mind'))
    t.true(isErrorCode(await outcome.promise, 'CHANNEL_BROKEN'))
    await t.throwsAsync(channel.receive(peers.signal), { message: 'changed my mind' })
  })

  it('tells the sender when the reader aborts in the middle', async (t, peers) => {
    const { channel } = await peers.channel(async (far, signal) => {
      for await (const _ of far.receiveBulk(64 * MIB, signal)) {
        far.abort(new Error('enough'))
        break
      }
    })
    await t.throwsAsync(channel.sendBulk(blocks(64 * MIB), peers.signal), { code: 'CHANNEL_BROKEN' })
  })

  it('ends a message or bulk cut short by a polite close with an error', async (t, peers) => {
    const { channel } = await peers.channel(async (far, signal) => {
      await far.sendBulk([new Uint8Array(1000)], signal)
    })
    await t.throwsAsync(size(channel.receiveBulk(1001, peers.signal)), { code: 'CHANNEL_BROKEN' })
  })

  it('resets both sides when the source of a bulk throws', async (t, peers) => {
    const outcome = Promise.withResolvers<unknown>()
    const { channel } = await peers.channel(async (far, signal) => {
      await size(far.receiveBulk(MIB, signal)).catch(outcome.resolve)
    })
    const source = async function* () {
      yield bytes(1000, 1)
      throw new Error('the disk is gone')
    }
    await t.throwsAsync(channel.sendBulk(source(), peers.signal), { message: 'the disk is gone' })
    t.true(isErrorCode(await outcome.promise, 'CHANNEL_BROKEN'))
  })

  it('cancels every wait with the reason of its signal', async (t, peers) => {
    const gate = Promise.withResolvers<void>()
    const { channel, near, far } = await peers.channel(async far => {
      await gate.promise
      await far.send(message('late'), peers.signal)
    })
    const cancelling = async (wait: (signal: AbortSignal) => Promise<unknown>) => {
      const cancel = new AbortController()
      const waiting = t.throwsAsync(wait(cancel.signal), { message: 'no longer wanted' })
      await nextTurn()
      cancel.abort(new Error('no longer wanted'))
      await waiting
    }
    await cancelling(signal => channel.receive(signal))
    await cancelling(signal => channel.receiveBulk(1, signal).next())
    gate.resolve()
    t.is(text(await channel.receive(peers.signal)), 'late', 'a cancelled read loses nothing')
    const second = await near.open(far.id, PROTOCOL, peers.signal)
    await cancelling(signal => second.sendBulk(blocks(1024 * MIB), signal))
    await cancelling(signal =>
      near.dial(peers.nowhere(), AbortSignal.any([signal, AbortSignal.abort(new Error('no longer wanted'))])),
    )
  })

  it('names a protocol that the other side does not speak, and another version of it', async (t, peers) => {
    const { near, far } = await peers.pair()
    await far.handle('/murmuration/average/2.0.0', async () => {})
    const unknown = near.open(far.id, '/murmuration/generate/1.0.0', peers.signal)
    const error = await t.throwsAsync(unknown, { code: 'PROTOCOL_MISMATCH' })
    t.regex(error?.message ?? '', /does not speak \/murmuration\/generate\/1\.0\.0$/)
    const older = near.open(far.id, '/murmuration/average/1.0.0', peers.signal)
    const version = await t.throwsAsync(older, { code: 'PROTOCOL_MISMATCH' })
    t.regex(version?.message ?? '', /speaks \/murmuration\/average\/2\.0\.0, this peer speaks .*average\/1\.0\.0/)
  })

  it('says in one line why nobody can be reached', async (t, peers) => {
    const [near, far] = [await peers.start('near'), await peers.start('far')]
    const address = peers.nowhere()
    const refused = await t.throwsAsync(near.dial(address, peers.signal), { code: 'PEER_UNREACHABLE' })
    t.true(refused?.message.includes(address) && !refused.message.includes('\n'), refused?.message)
    await t.throwsAsync(near.dial('over the hills', peers.signal), { code: 'INVITATION_MALFORMED' })
    await t.throwsAsync(near.open(far.id, PROTOCOL, peers.signal), { code: 'PEER_UNREACHABLE' })
    await t.throwsAsync(near.open('nobody', PROTOCOL, peers.signal), { code: 'PEER_UNREACHABLE' })
    await t.throwsAsync(near.dial(near.addresses()[0]!, peers.signal), { code: 'PEER_UNREACHABLE' })
  })

  it('opens a stream to a peer that it only learned of', async (t, peers) => {
    const [near, far] = [await peers.start('near'), await peers.start('far')]
    await far.handle(PROTOCOL, async (channel, signal) => channel.send(message('welcome'), signal))
    await near.learn(far.id, ['nonsense', ...far.addresses()])
    const channel = await near.open(far.id, PROTOCOL, peers.signal)
    t.is(channel.peer, far.id)
    t.is(text(await channel.receive(peers.signal)), 'welcome')
    await t.throwsAsync(channel.receive(peers.signal), { code: 'CHANNEL_BROKEN' }, 'it has ended')
  })

  it('resets the stream of a handler that throws, and nothing else', async (t, peers) => {
    const { near, far } = await peers.pair()
    await far.handle(PROTOCOL, async (channel, signal) => {
      const wish = text(await channel.receive(signal))
      if (wish === 'fail') throw new Error('asked for')
      await channel.send(message(wish), signal)
    })
    const ask = async (wish: string) => {
      const channel = await near.open(far.id, PROTOCOL, peers.signal)
      await channel.send(message(wish), peers.signal)
      return text(await channel.receive(peers.signal))
    }
    await t.throwsAsync(
      far.handle(PROTOCOL, async () => {}),
      undefined,
      'a second handler is a mistake',
    )
    await t.throwsAsync(ask('fail'), { code: 'CHANNEL_BROKEN' })
    t.is(await ask('work'), 'work')
  })

  it("fires the handler's signal when its stream is reset", async (t, peers) => {
    const fired = Promise.withResolvers<boolean>()
    const { channel } = await peers.channel(async (far, signal) => {
      await far.send(message('ready'), peers.signal)
      if (!signal.aborted) await once(signal, 'abort')
      fired.resolve(signal.aborted)
    })
    await channel.receive(peers.signal)
    channel.abort(new Error('gone'))
    t.true(await fired.promise)
  })

  it('delivers the last word of a handler that returned while it was still being sent to', async (t, peers) => {
    const { channel } = await peers.channel(async (far, signal) => far.send(message('busy'), signal))
    await channel.sendBulk(blocks(12 * MIB), peers.signal)
    t.is(text(await channel.receive(peers.signal)), 'busy')
  })

  it('closes hundreds of streams one after another', async (t, peers) => {
    const { near, far } = await peers.pair()
    await far.handle(PROTOCOL, async (channel, signal) => channel.send(await channel.receive(signal), signal))
    for (let i = 0; i < 300; i++) {
      const channel = await near.open(far.id, PROTOCOL, peers.signal)
      await channel.send(message(String(i)), peers.signal)
      if (text(await channel.receive(peers.signal)) !== String(i)) t.fail()
      await channel.close()
    }
    t.pass()
  })

  it('keeps concurrent streams apart', async (t, peers) => {
    const { near, far } = await peers.pair()
    await far.handle(PROTOCOL, async (channel, signal) => {
      const length = Number(text(await channel.receive(signal)))
      const hash = createHash('sha256')
      for await (const chunk of channel.receiveBulk(length, signal)) hash.update(chunk)
      await channel.send(message(hash.digest('hex')), signal)
    })
    const transfer = async (i: number) => {
      const data = bytes(200_000 + 1000 * i, i)
      const channel = await near.open(far.id, PROTOCOL, peers.signal)
      await channel.send(message(String(data.byteLength)), peers.signal)
      await channel.sendBulk(pieces(data, [1000 * (i + 1)]), peers.signal)
      const answer = text(await channel.receive(peers.signal))
      await channel.close()
      return answer === createHash('sha256').update(data).digest('hex')
    }
    const results = await Promise.all(Array.from({ length: 24 }, (_, i) => transfer(i)))
    t.true(results.every(Boolean))
  })

  it('publishes to subscribers, once each, over a peer in between, with the true sender', async (t, peers) => {
    const [a, b, c] = [await peers.start('a'), await peers.start('b'), await peers.start('c')]
    const heard: string[] = []
    const reached = Promise.withResolvers<void>()
    await a.subscribe('news', () => {
      t.fail('own messages are not heard')
      return 'accept'
    })
    await b.subscribe('news', (from, data) => {
      heard.push(`b ${from === a.id} ${text(data)}`)
      return text(data) === 'good' ? 'accept' : text(data) === 'bad' ? 'reject' : 'ignore'
    })
    await c.subscribe('news', (from, data) => {
      heard.push(`c ${from === a.id} ${text(data)}`)
      if (text(data) === 'good') reached.resolve()
      return 'accept'
    })
    await b.dial(c.addresses()[0]!, peers.signal)
    await a.dial(b.addresses()[0]!, peers.signal)
    await peers.publishUntil(a, 'news', ['bad', 'dull', 'good'], reached.promise)
    t.deepEqual([...new Set(heard)].sort(), ['b true bad', 'b true dull', 'b true good', 'c true good'])
    await t.throwsAsync(a.publish('news', new Uint8Array(MAX_PUBLISH_BYTES + 1)), { code: 'MESSAGE_INVALID' })
    await t.notThrowsAsync(a.publish('nobody hears this', message('hello')))
  })

  it('tells of the first connection to a peer and of the last one lost', async (t, peers) => {
    const [near, far] = [await peers.start('near'), await peers.start('far')]
    const changes: ConnectionChange[] = []
    const lost = Promise.withResolvers<void>()
    near.watch(change => {
      changes.push(change)
      if (!change.connected) lost.resolve()
    })
    const stop = near.watch(() => t.fail('a stopped watch stays silent'))
    stop()
    t.is(await near.dial(far.addresses()[0]!, peers.signal), far.id)
    await near.dial(far.addresses()[0]!, peers.signal)
    t.deepEqual(near.connected(), [far.id])
    await far.stop()
    await lost.promise
    t.deepEqual(changes, [
      { peer: far.id, connected: true },
      { peer: far.id, connected: false },
    ])
    t.deepEqual(near.connected(), [])
  })

  it('ends everything when stopped, and may be stopped twice', async (t, peers) => {
    const signalled = Promise.withResolvers<void>()
    const { channel, near, far } = await peers.channel(async (far, signal) => {
      signal.addEventListener('abort', () => signalled.resolve())
      await far.send(message('ready'), signal)
      await far.receive(signal)
    })
    await channel.receive(peers.signal)
    const waiting = t.throwsAsync(channel.receive(peers.signal), { code: 'CHANNEL_BROKEN' })
    await far.stop()
    await waiting
    await signalled.promise
    await far.stop()
    await near.stop()
    await t.throwsAsync(near.open(far.id, PROTOCOL, peers.signal), { code: 'CANCELLED' })
    await t.throwsAsync(near.publish('news', message('late')), { code: 'CANCELLED' })
  })

  it('leaves nothing behind that keeps a process alive', async t => {
    const life = `${program}
      for (const peer of peers) await peer.start()
      const [near, far] = peers
      const signal = AbortSignal.timeout(20_000)
      await far.subscribe('news', () => 'accept')
      await far.handle('/life/1.0.0', (channel, signal) => channel.receive(signal))
      await near.dial(far.addresses()[0], signal)
      const channel = await near.open(far.id, '/life/1.0.0', signal)
      await channel.send(new Uint8Array(10), signal)
      await near.open(far.id, '/life/1.0.0', signal)
      await near.publish('news', new Uint8Array(10))
      for (const peer of peers) await peer.stop()
      console.log('stopped')`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', life], { cwd: import.meta.dirname })
    t.teardown(() => child.kill('SIGKILL'))
    const exit = once(child, 'exit')
    const [output, errors] = await Promise.all([allText(child.stdout), allText(child.stderr)])
    t.is(output, 'stopped\n', errors)
    t.deepEqual(await exit, [0, null])
  })
}

/** The peers of one test. */
class Peers {
  readonly #world: TransportWorld
  readonly #started: Transport[] = []
  readonly signal = AbortSignal.timeout(50_000)

  constructor(world: TransportWorld) {
    this.#world = world
  }

  nowhere(): string {
    return this.#world.nowhere()
  }

  async start(name: string): Promise<Transport> {
    const transport = await this.#world.make(name)
    await transport.start()
    this.#started.push(transport)
    return transport
  }

  async pair(): Promise<{ near: Transport; far: Transport }> {
    const [near, far] = [await this.start('near'), await this.start('far')]
    await near.dial(far.addresses()[0]!, this.signal)
    return { near, far }
  }

  async channel(handler: ChannelHandler): Promise<{ channel: Channel; near: Transport; far: Transport }> {
    const { near, far } = await this.pair()
    await far.handle(PROTOCOL, handler)
    return { channel: await near.open(far.id, PROTOCOL, this.signal), near, far }
  }

  /** Subscriptions take a moment to become known: publishes again until the last message has arrived. */
  async publishUntil(from: Transport, topic: string, messages: string[], arrived: Promise<void>): Promise<void> {
    let over = false
    void arrived.then(() => {
      over = true
    })
    while (!over) {
      for (const each of messages) await from.publish(topic, message(each))
      for (let turn = 0; turn < 50 && !over; turn++) await nextTurn()
      this.signal.throwIfAborted()
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#started.map(transport => transport.stop()))
  }
}

function message(content: string): Uint8Array {
  return new TextEncoder().encode(content)
}

function text(data: Uint8Array): string {
  return new TextDecoder().decode(data)
}

function bytes(length: number, seed: number): Uint8Array {
  const stream = random(`bytes ${seed}`)
  const words = Uint32Array.from({ length: Math.ceil(length / 4) }, () => stream.integer(2 ** 32))
  return new Uint8Array(words.buffer, 0, length)
}

function* blocks(length: number): Generator<Uint8Array> {
  const block = new Uint8Array(256 * 1024)
  for (let sent = 0; sent < length; sent += block.byteLength) yield block.subarray(0, length - sent)
}

/** Cuts data into parts whose lengths repeat. */
function* pieces(data: Uint8Array, lengths: number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < data.byteLength; i++) {
    const length = lengths[i % lengths.length]!
    yield data.subarray(at, at + length)
    at += length
  }
}

async function size(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let total = 0
  for await (const chunk of chunks) total += chunk.byteLength
  return total
}

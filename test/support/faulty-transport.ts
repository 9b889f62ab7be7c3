import type { Channel, PeerId, Transport } from '../../src/network/transport.ts'

/** One crossing of a stream's end: before or after a message or bulk went through. */
export interface Crossing {
  /** 0 for the first stream this transport opened or answered, and so on. */
  stream: number
  /** 0 for the first operation on that stream. */
  operation: number
  kind: 'send' | 'receive' | 'sendBulk' | 'receiveBulk'
  when: 'before' | 'after'
}

/**
 * Wraps a transport so that a test can break its streams at every message boundary, or look at what passes. Where
 * `fault` returns true the stream is reset, as when its process died there.
 */
export function faultyTransport(
  transport: Transport,
  fault: (crossing: Crossing) => boolean | Promise<boolean>,
): Transport {
  let streams = 0
  return new Proxy(transport, {
    get(target, key: keyof Transport) {
      if (key === 'open') {
        return async (peer: PeerId, protocol: string, signal: AbortSignal) =>
          faulty(await target.open(peer, protocol, signal), streams++, fault)
      }
      if (key === 'handle') {
        return (protocol: string, handler: Parameters<Transport['handle']>[1]) =>
          target.handle(protocol, (channel, signal) => handler(faulty(channel, streams++, fault), signal))
      }
      const value: unknown = target[key]
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function faulty(channel: Channel, stream: number, fault: (crossing: Crossing) => boolean | Promise<boolean>): Channel {
  let operations = 0
  const cross = async (operation: number, kind: Crossing['kind'], when: Crossing['when']) => {
    if (!(await fault({ stream, operation, kind, when }))) return
    const error = new Error(`broken ${when} ${kind} ${operation} of stream ${stream}`)
    channel.abort(error)
    throw error
  }
  async function around<T>(kind: Crossing['kind'], task: () => Promise<T>): Promise<T> {
    const operation = operations++
    await cross(operation, kind, 'before')
    const result = await task()
    await cross(operation, kind, 'after')
    return result
  }
  return {
    peer: channel.peer,
    get bytesSent() {
      return channel.bytesSent
    },
    get bytesReceived() {
      return channel.bytesReceived
    },
    send: (message, signal) => around('send', () => channel.send(message, signal)),
    receive: signal => around('receive', () => channel.receive(signal)),
    sendBulk: (source, signal) => around('sendBulk', () => channel.sendBulk(source, signal)),
    async *receiveBulk(length, signal) {
      const operation = operations++
      await cross(operation, 'receiveBulk', 'before')
      yield* channel.receiveBulk(length, signal)
      await cross(operation, 'receiveBulk', 'after')
    },
    close: () => channel.close(),
    abort: error => channel.abort(error),
  }
}

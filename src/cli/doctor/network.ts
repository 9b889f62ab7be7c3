import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { errorToData } from '../../core/errors.ts'
import type { Finding, Probe } from './finding.ts'

const MDNS = { address: '224.0.0.251', port: 5353 }

/** Whether peers can listen, and find each other on the local network. */
export const probeNetwork: Probe = async signal => [await tcp(signal), await multicast(signal)]

async function tcp(signal: AbortSignal): Promise<Finding> {
  const server = createServer()
  try {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening', { signal })
    return { name: 'tcp', status: 'ok', found: 'a port on 127.0.0.1 can be listened on' }
  } catch (error) {
    signal.throwIfAborted()
    const found = errorToData(error, 'PORT_IN_USE').message
    return { name: 'tcp', status: 'problem', found, remedy: 'allow this process to listen on 127.0.0.1' }
  } finally {
    server.close()
  }
}

/** Joins the group that mDNS uses, on its port, without hearing or saying anything. */
async function multicast(signal: AbortSignal): Promise<Finding> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  try {
    socket.bind({ port: MDNS.port, address: '127.0.0.1' })
    await once(socket, 'listening', { signal })
    socket.addMembership(MDNS.address)
    return { name: 'mdns', status: 'ok', found: 'multicast works: peers on the local network find each other' }
  } catch (error) {
    signal.throwIfAborted()
    const found = errorToData(error, 'PORT_IN_USE').message
    return { name: 'mdns', status: 'missing', found, remedy: 'give peers an invitation or a bootstrap address instead' }
  } finally {
    socket.close()
  }
}

import test from 'ava'
import { random } from '../../src/core/random.ts'
import { virtualTime } from '../../src/core/virtual-time.ts'
import { libp2pTransport } from '../../src/network/libp2p/transport.ts'
import { memoryNetwork } from '../../src/network/memory.ts'
import { createLinks } from '../../src/network/simulation/links.ts'
import { simulatedNetwork } from '../../src/network/simulation/simulated-network.ts'
import { transportSuite } from './transport.ts'

const source = (file: string) => JSON.stringify(import.meta.resolve(`../../src/network/${file}`))

transportSuite(
  test,
  'memory',
  () => {
    const network = memoryNetwork()
    return { make: async name => network.transport(name), nowhere: () => '/memory/nobody' }
  },
  `import { memoryNetwork } from ${source('memory.ts')}
   const network = memoryNetwork()
   const peers = [network.transport('a'), network.transport('b')]`,
)

transportSuite(
  test,
  'simulation',
  () => {
    const time = virtualTime()
    // The suite lives in real time: virtual time passes as fast as it can beside it.
    void time.run(new Promise(() => {}), { outsiders: true })
    const [links, stream] = [createLinks({ kind: 'wan', loss: 0.01 }, [], random('links')), random('network')]
    const network = simulatedNetwork({ time, random: stream, links }, { neighbours: 0 })
    return { make: async name => network.transport(name), nowhere: () => '/simulated/nobody' }
  },
  `import { random } from ${source('../core/random.ts')}
   import { virtualTime } from ${source('../core/virtual-time.ts')}
   import { createLinks } from ${source('simulation/links.ts')}
   import { simulatedNetwork } from ${source('simulation/simulated-network.ts')}
   const time = virtualTime()
   void time.run(new Promise(() => {}), { outsiders: true })
   const links = createLinks({ kind: 'lan' }, [], random('links'))
   const network = simulatedNetwork({ time, random: random('network'), links })
   const peers = [network.transport('a'), network.transport('b')]`,
)

transportSuite(
  test,
  'libp2p',
  () => ({
    // No neighbours but those that a test connects.
    make: () => libp2pTransport({ listen: ['/ip4/127.0.0.1/tcp/0'], neighbours: 0 }),
    // Port 1 belongs to a service that nobody has run for decades.
    nowhere: () => '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWDMBkWTkUtTLtWU5pCJdUH4vbQtvnv9UJNkGBQrTtKmCv',
  }),
  `import { libp2pTransport } from ${source('libp2p/transport.ts')}
   const make = () => libp2pTransport({ listen: ['/ip4/127.0.0.1/tcp/0'] })
   const peers = [await make(), await make()]`,
)

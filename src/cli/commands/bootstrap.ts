import { once } from 'node:events'
import type { Command } from 'commander'
import { addCommand, type CommandContext, type Runner } from '../command.ts'
import { formatCount, shortPeer } from '../format.ts'

interface BootstrapOptions {
  listen: string[]
  announce: string[]
  identity: string
}

export function addBootstrap(program: Command, run: Runner): void {
  addCommand(program, {
    name: 'bootstrap',
    summary: 'run an always-on node that introduces peers to each other',
    description: 'It trains nothing and belongs to no run. It relays for peers behind NAT, within limits.',
    examples: [
      ['murmur bootstrap', 'listen on TCP port 4001 of every address'],
      ['murmur bootstrap --listen /ip4/127.0.0.1/tcp/0', 'on this machine only, on any free port'],
      ['murmur bootstrap --announce /dns4/murmur.example.org/tcp/4001', 'behind a port forwarding'],
    ],
  })
    .option('--listen <multiaddr...>', 'addresses to listen on', ['/ip4/0.0.0.0/tcp/4001'])
    .option('--announce <multiaddr...>', 'addresses to tell others instead', [])
    .option('--identity <file>', 'its key, made if missing: it keeps the address the same', 'bootstrap.key')
    .action(run(bootstrap))
}

async function bootstrap({ output, interrupt, signal }: CommandContext, options: BootstrapOptions): Promise<void> {
  const { createBootstrapNode } = await import('../../network/libp2p/bootstrap-node.ts')
  const { listen, announce, identity } = options
  const node = await createBootstrapNode({ listen, announce, identityPath: identity })
  await node.start()
  try {
    const addresses = node.addresses()
    output.result({ peer: node.id, addresses }, () => addresses.join('\n'))
    output.line('Peers find each other through any of these addresses: murmur start --bootstrap <address>')
    node.watch(({ peer, connected }) => {
      const change = connected ? 'came' : 'went'
      output.line(`${shortPeer(peer)} ${change}, ${formatCount(node.connected().length)} connected`)
    })
    interrupt.finishing('the connections')
    if (!signal.aborted) await once(signal, 'abort')
  } finally {
    await node.stop()
  }
}

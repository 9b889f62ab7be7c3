/**
 * The always-on node: introduces peers to each other and relays for those behind NAT. It says where it can be reached
 * on stdout and what happens on stderr.
 */
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { MurmurError } from '../src/core/errors.ts'
import { createBootstrapNode } from '../src/network/libp2p/bootstrap-node.ts'

const USAGE = `Usage: node bootstrap/main.ts [options]

  --listen <multiaddr>      where to listen, may be repeated   [MURMUR_LISTEN, default /ip4/0.0.0.0/tcp/4001]
  --announce <multiaddr>    what to tell others instead, may be repeated   [MURMUR_ANNOUNCE]
  --identity <file>         the node's key, made if missing   [MURMUR_IDENTITY, default bootstrap.key]
  --reservations <number>   peers behind NAT served at a time   [MURMUR_RESERVATIONS, default 128]
  --relay-mib <number>      MiB a relayed connection may carry   [MURMUR_RELAY_MIB, default 4096]
  --json                    the addresses as one line of JSON
  --help

In the environment several addresses are separated by commas.`

/** A stop may take this long, in milliseconds, before the process ends all the same. */
const STOP_MS = 1500

function settings(args: readonly string[], env: NodeJS.ProcessEnv) {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      listen: { type: 'string', multiple: true },
      announce: { type: 'string', multiple: true },
      identity: text,
      reservations: text,
      'relay-mib': text,
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  const list = (value: string | undefined) => value?.split(',').filter(each => each !== '')
  const mib = count('relay-mib', values['relay-mib'] ?? env.MURMUR_RELAY_MIB)
  return {
    help: values.help ?? false,
    json: values.json ?? false,
    node: {
      listen: values.listen ?? list(env.MURMUR_LISTEN),
      announce: values.announce ?? list(env.MURMUR_ANNOUNCE),
      identityPath: values.identity ?? env.MURMUR_IDENTITY ?? 'bootstrap.key',
      relay: {
        reservations: count('reservations', values.reservations ?? env.MURMUR_RESERVATIONS),
        bytes: mib === undefined ? undefined : mib * 2 ** 20,
      },
    },
  }
}

function count(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const number = Number(value)
  if (Number.isInteger(number) && number >= 1) return number
  throw new MurmurError({ code: 'USAGE', message: `Expected --${option} to be an integer >= 1, got ${value}` })
}

async function main(): Promise<void> {
  const { help, json, node: init } = settings(process.argv.slice(2), process.env)
  if (help) return console.log(USAGE)
  const stop = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  const node = await createBootstrapNode(init)
  await node.start()
  const addresses = node.addresses()
  console.log(json ? JSON.stringify({ peer: node.id, addresses }) : addresses.join('\n'))
  node.watch(({ peer, connected }) => {
    console.error(`${peer} ${connected ? 'came' : 'went'}, ${node.connected().length} connected`)
  })
  await stop
  setTimeout(() => process.exit(0), STOP_MS).unref()
  await node.stop()
}

try {
  await main()
} catch (error) {
  const usage = error instanceof TypeError || (error instanceof MurmurError && error.code === 'USAGE')
  console.error(error instanceof MurmurError || usage ? (error as Error).message : error)
  process.exitCode = usage ? 2 : 1
}

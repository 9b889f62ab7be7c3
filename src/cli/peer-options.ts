import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { LaunchInit } from '../peer/launch.ts'
import { integer, label, number } from './arguments.ts'
import { addComputeOptions, type ComputeOptions, computeInit } from './compute-options.ts'

/** What every command that trains can be told. */
export interface TrainingOptions extends ComputeOptions {
  directory?: string
  partition?: number
  data?: string[]
  model?: string
  weights?: string
}

/** What a command whose peer meets others can be told besides. */
export interface PeerOptions extends TrainingOptions {
  listen: string[]
  announce?: string[]
  bootstrap?: string[]
  mdns: boolean
  relay: boolean
  linger: number
  waitFor: number
  region?: string
}

export function addTrainingOptions(command: Command): Command {
  return addComputeOptions(command)
    .option('-d, --directory <path>', 'run directory: identity, records, checkpoints; continued if it exists')
    .option('--partition <i>', 'which partition of the data to train on, from 0', integer(0))
    .option('--data <path...>', 'where this peer keeps the data, if not where the specification says')
    .option('--model <path>', "the file of the run's own model, if it is not where the specification says")
}

export function addWeightsOption(command: Command): Command {
  return command.option(
    '--weights <path>',
    "begin with these weights: a safetensors file of Hugging Face's GPT-2, a checkpoint or a run directory",
  )
}

export function addPeerOptions(command: Command): Command {
  return addTrainingOptions(command)
    .option('-l, --listen <multiaddr...>', 'addresses to listen on; tcp/0 is any free port', ['/ip4/0.0.0.0/tcp/0'])
    .option('--announce <multiaddr...>', 'addresses to tell others instead, behind a port forwarding')
    .option('-b, --bootstrap <multiaddr...>', 'peers or bootstrap nodes that introduce others')
    .option('--no-mdns', 'do not look for peers on the local network')
    .option('--no-relay', 'do not be reached through a relay when nobody can dial this peer')
    .addOption(
      new Option('--linger <seconds>', 'how long to go on answering after the last step, while others train')
        .argParser(number(0, 86_400))
        .default(30),
    )
    .option(
      '--wait-for <n>',
      'peers, this one included, to wait for before the first step; a minute at most',
      integer(1),
      1,
    )
    .option(
      '--region <name>',
      'where this peer is: with `averaging.topology.kind: regions` its partners are mostly there',
      label,
    )
}

export function trainingInit(
  options: TrainingOptions,
  defaultDirectory: string,
): Pick<LaunchInit, 'directory' | 'compute' | 'partition' | 'data' | 'model' | 'weights'> {
  const { directory = defaultDirectory, partition, data, model, weights } = options
  return { directory, compute: computeInit(options), partition, data, model: model && resolve(model), weights }
}

export function peerInit(options: PeerOptions, defaultDirectory: string): Omit<LaunchInit, 'sinks' | 'onListening'> {
  const { listen, announce = [], bootstrap = [], mdns, relay, linger, waitFor, region } = options
  return {
    ...trainingInit(options, defaultDirectory),
    network: { listen, announce, bootstrap, mdns, relay },
    linger,
    quorum: waitFor,
    region,
  }
}

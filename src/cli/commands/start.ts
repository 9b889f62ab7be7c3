import type { Command } from 'commander'
import { addCommand, type CommandContext, type Runner } from '../command.ts'
import { addDashboardOption, type DashboardOption } from '../dashboard-option.ts'
import { addPeerOptions, addWeightsOption, type PeerOptions, peerInit } from '../peer-options.ts'

export function addStart(program: Command, run: Runner): void {
  const command = addCommand(program, {
    name: 'start',
    summary: 'start a run, print an invitation, and train',
    description:
      'Every key of the specification has a default, so the file may be left out. Started again in the same directory, the peer continues. The same specification started elsewhere with --bootstrap is another peer of the same run.',
    examples: [
      ['murmur start', 'the default run on the default corpus'],
      ['murmur start run.yaml --listen /ip4/0.0.0.0/tcp/4001', 'a run of your own, at a fixed port'],
      ['murmur start run.yaml --weights gpt2/model.safetensors', 'fine-tunes; joiners get the weights from the swarm'],
      ['murmur start run.yaml --bootstrap /dns4/example.org/tcp/4001/p2p/12D3Koo...', 'found through a bootstrap node'],
    ],
  }).argument('[run.yaml]', 'the run specification; `murmur init` writes a commented one')
  addDashboardOption(addWeightsOption(addPeerOptions(command))).action(run(start))
}

async function start(
  context: CommandContext,
  options: PeerOptions & DashboardOption,
  path: string | undefined,
): Promise<void> {
  const { loadSpecification } = await import('../../peer/specification/load.ts')
  const { startPeer } = await import('../../peer/launch.ts')
  const { showPeer } = await import('../peer-session.ts')
  const { specification, directory, model } = await loadSpecification(path, options.model)
  await showPeer(
    context,
    hooks => startPeer(specification, { ...peerInit(options, directory), model, ...hooks }, context.signal),
    options,
  )
}

import type { Command } from 'commander'
import { addCommand, type CommandContext, type Runner } from '../command.ts'
import { addTrainingOptions, addWeightsOption, type TrainingOptions, trainingInit } from '../peer-options.ts'

export function addTrain(program: Command, run: Runner): void {
  const command = addCommand(program, {
    name: 'train',
    summary: 'train alone: the same loop with no peers',
    description:
      'Trains on one partition, as a peer of the run would. The same seed, threads and machine give the same bytes.',
    examples: [
      ['murmur train', 'the default run on the default corpus'],
      ['murmur train run.yaml --threads 2 --directory runs/alone', 'a run of your own'],
    ],
  }).argument('[run.yaml]', 'the run specification; `murmur init` writes a commented one')
  addWeightsOption(addTrainingOptions(command)).action(run(train))
}

async function train(context: CommandContext, options: TrainingOptions, path: string | undefined): Promise<void> {
  const { loadSpecification } = await import('../../peer/specification/load.ts')
  const { trainAlone } = await import('../../peer/launch.ts')
  const { showPeer } = await import('../peer-session.ts')
  const { specification, directory, model } = await loadSpecification(path, options.model)
  await showPeer(context, hooks =>
    trainAlone(specification, { ...trainingInit(options, directory), model, ...hooks }, context.signal),
  )
}

import { Command } from 'commander'
import type { Runner } from './command.ts'
import { addBench } from './commands/bench.ts'
import { addBootstrap } from './commands/bootstrap.ts'
import { addDashboard } from './commands/dashboard.ts'
import { addDemo } from './commands/demo.ts'
import { addDoctor } from './commands/doctor.ts'
import { addEvaluate } from './commands/evaluate.ts'
import { addExperiment } from './commands/experiment.ts'
import { addExport } from './commands/export.ts'
import { addGenerate } from './commands/generate.ts'
import { addInit } from './commands/init.ts'
import { addInspect } from './commands/inspect.ts'
import { addJoin } from './commands/join.ts'
import { addStart } from './commands/start.ts'
import { addStatus } from './commands/status.ts'
import { addTrain } from './commands/train.ts'
import type { Output } from './output.ts'
import { version } from './version.ts'

export interface ProgramComponents {
  run: Runner
  output: Output
}

/** The command line: every command adds itself. Nothing heavy is imported before a command runs. */
export function createProgram({ run, output }: ProgramComponents): Command {
  const program = new Command('murmur')
    .description('Trains a model by gossip: peers find each other, train on their own data, and average at random.')
    .version(version(), '-V, --version', 'print the version')
    .option('--json', 'print results as JSON; before or after the command')
    .option('--quiet', 'print results and errors only; before or after the command')
    .exitOverride()
    .configureOutput({
      writeOut: text => output.help(text, true),
      writeErr: text => output.help(text, false),
      outputError: () => {}, // thrown, and told in one line by main
    })
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .addHelpText('after', '\nStart with `murmur demo`; `murmur <command> --help` shows examples.')
  addDemo(program, run)
  addInit(program, run)
  addStart(program, run)
  addJoin(program, run)
  addTrain(program, run)
  addDashboard(program, run)
  addStatus(program, run)
  addInspect(program, run)
  addBootstrap(program, run)
  addEvaluate(program, run)
  addGenerate(program, run)
  addExport(program, run)
  addExperiment(program, run)
  addBench(program, run)
  addDoctor(program, run)
  return program
}

import type { Command } from 'commander'
import { type Clock, systemClock } from '../core/clock.ts'
import type { Interrupt } from './interrupt.ts'
import type { Output } from './output.ts'

/** What a command may touch besides its arguments. */
export interface CommandContext {
  output: Output
  interrupt: Interrupt
  /** Fires when the user wants the command to stop; `interrupt.finishing` names what is finished then. */
  signal: AbortSignal
  clock: Clock
}

/** What a command does, with its parsed options and arguments. Failures are thrown as `MurmurError`. */
type Run<Options, Arguments extends unknown[]> = (
  context: CommandContext,
  options: Options,
  ...args: Arguments
) => Promise<void>

/** Turns a command's body into what commander calls. */
export type Runner = <Options, Arguments extends unknown[]>(
  run: Run<Options, Arguments>,
) => (...received: unknown[]) => Promise<void>

export interface RunnerComponents {
  output: Output
  /** Starts listening to signals; called once the command is known to run. */
  interrupt(): Interrupt
  clock?: Clock
}

export function runner({ output, interrupt: listen, clock = systemClock }: RunnerComponents): Runner {
  return run =>
    async (...received) => {
      const command = received.at(-1) as Command
      const interrupt = listen()
      try {
        const context = { output, interrupt, signal: interrupt.signal, clock }
        // commander types neither options nor arguments; each command declares both next to where it defines them.
        await run(context, command.opts() as never, ...(command.processedArgs as never))
      } finally {
        interrupt.stop()
      }
    }
}

export interface CommandHelp {
  name: string
  /** One line, in the list of commands and on top of the command's own help. */
  summary: string
  /** What is worth knowing besides: a paragraph under the summary. */
  description?: string
  /** Command lines that can be copied, each with what it does. */
  examples: readonly (readonly [line: string, what: string])[]
}

/** Adds a command with what all of them share: its help with examples, `--json` and `--quiet`. */
export function addCommand(parent: Command, { name, summary, description, examples }: CommandHelp): Command {
  return parent
    .command(name)
    .summary(summary)
    .description(description ? `${summary}\n\n${description}` : summary)
    .option('--json', 'print results as JSON, one object a line, on stdout')
    .option('--quiet', 'print results and errors only')
    .addHelpText('after', `\nExamples:\n${examples.map(([line, what]) => `  $ ${line}\n      ${what}`).join('\n')}`)
}

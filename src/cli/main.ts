import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises'
import { type Command, CommanderError } from 'commander'
import { errorToData, MurmurError } from '../core/errors.ts'
import { runner } from './command.ts'
import { exitCodeOf, SUCCESS, UNEXPECTED } from './exit-codes.ts'
import { interruptOnSignals } from './interrupt.ts'
import { createOutput, type Output } from './output.ts'
import { createProgram } from './program.ts'

/** Milliseconds a finished command may still hold handles open before the process ends all the same. */
const LINGER_MS = 2000

/** A live view hides the cursor. */
const SHOW_CURSOR = '\u001b[?25h'

/** Runs the command that this process was started with and sets its exit code. */
export async function main(): Promise<void> {
  const args = process.argv.slice(2)
  const output = createOutput(
    { stdout: process.stdout, stderr: process.stderr, env: process.env },
    { json: hasFlag(args, '--json'), quiet: hasFlag(args, '--quiet') },
  )
  process.on('uncaughtException', error => process.exit(report(error, output)))

  const run = runner({
    output,
    interrupt: () => {
      const interrupt = interruptOnSignals({
        source: process,
        now: () => performance.now(),
        say: line => output.line(line),
        end: endBySignal,
      })
      const stop = () => interrupt.abort('stdout was closed')
      if (output.closed.aborted) stop()
      else output.closed.addEventListener('abort', stop, { once: true })
      return interrupt
    },
  })
  const program = createProgram({ run, output })
  process.exitCode = await execute(program, args, output)
  await delay(LINGER_MS, undefined, { ref: false })
  process.exit()
}

/**
 * Ends the process as an unhandled Ctrl-C would, which a shell shows as 130. `process.exit` would wait for the trainer's
 * thread, and abort if that is in the middle of native code.
 */
function endBySignal(): void {
  if (process.stderr.isTTY) process.stderr.write(SHOW_CURSOR)
  process.removeAllListeners('SIGINT')
  process.kill(process.pid, 'SIGINT')
}

async function execute(program: Command, args: readonly string[], output: Output): Promise<number> {
  try {
    await program.parseAsync(args, { from: 'user' })
    await immediate() // a failed write is told in the next turn
    return brokenPipe(output) ? SUCCESS : checkWritten(output)
  } catch (error) {
    return brokenPipe(output) ? SUCCESS : report(error, output)
  }
}

/** Says in one line what went wrong, and returns the exit code that means it. */
function report(thrown: unknown, output: Output): number {
  const error = usageError(thrown)
  if (error === undefined) return SUCCESS
  const known = error instanceof MurmurError
  if (known) output.failure(errorToData(error, error.code))
  else {
    const message = error instanceof Error ? error.message : String(error)
    const hint = 'this is a bug in murmur; MURMUR_DEBUG=1 prints the stack'
    output.failure({ code: 'UNEXPECTED', message: `${message} (${hint})`, details: {} })
  }
  if (process.env.MURMUR_DEBUG) console.error(thrown)
  return known ? exitCodeOf(error.code) : UNEXPECTED
}

/** commander's errors as ours; undefined for those that only end the help or version text. */
function usageError(thrown: unknown): unknown {
  if (!(thrown instanceof CommanderError)) return thrown
  if (thrown.exitCode === 0) return undefined
  const message = thrown.code === 'commander.help' ? 'Expected a command; `murmur --help` lists them' : thrown.message
  return new MurmurError({ code: 'USAGE', message: message.replace(/^error: /, ''), cause: thrown })
}

function brokenPipe({ closed }: Output): boolean {
  return closed.aborted && (closed.reason as NodeJS.ErrnoException).code === 'EPIPE'
}

/** A result that did not reach stdout, on a full disk for example, is a failure. */
function checkWritten(output: Output): number {
  if (!output.closed.aborted) return SUCCESS
  const { message } = output.closed.reason as Error
  return report(new MurmurError({ code: 'STORAGE_FAILED', message: `Cannot write to stdout: ${message}` }), output)
}

/** The flag is needed before the arguments are parsed, to tell of an error in them. */
function hasFlag(args: readonly string[], flag: string): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end < 0 ? args.length : end).includes(flag)
}

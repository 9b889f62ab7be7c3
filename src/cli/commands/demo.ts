import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { MurmurError } from '../../core/errors.ts'
import { integer } from '../arguments.ts'
import { addCommand, type CommandContext, type Runner } from '../command.ts'
import { addDashboardOption, type DashboardOption } from '../dashboard-option.ts'

interface DemoOptions extends DashboardOption {
  peers: number
  steps: number
  averaging: boolean
  directory?: string
}

export function addDemo(program: Command, run: Runner): void {
  const command = addCommand(program, {
    name: 'demo',
    summary: 'run a whole swarm on this machine: a bootstrap node and four peers',
    description:
      'Each is a process of its own on 127.0.0.1. The peers find each other through the bootstrap node, train a small GPT on the text of the installed npm dependencies, one thread each, and average with random peers. About two minutes on two cores.',
    examples: [
      ['murmur demo', 'what `npm start` runs'],
      ['murmur demo --no-averaging', 'the same peers, each alone: compare the averaged model'],
      ['murmur demo my.yaml --peers 2 --json', 'another run; figures for machines on stdout'],
    ],
  })
    .argument('[run.yaml]', 'a run specification; its steps and partitions are those of the demo')
    .option('--peers <n>', 'peers to start', integer(1, 64), 4)
    .option('--steps <n>', 'local steps of each peer', integer(1), 800)
    .option('--no-averaging', 'never average: the baseline')
    .option('-d, --directory <path>', 'a new directory for what the peers write [default: runs/demo-<time>]')
  addDashboardOption(command).action(run(demo))
}

async function demo(context: CommandContext, options: DemoOptions, path: string | undefined): Promise<void> {
  const { runDemo } = await import('../demo/demo.ts')
  const { loadSpecification } = await import('../../peer/specification/load.ts')
  const { specification, model } = await loadSpecification(path)
  const time = new Date(context.clock.date()).toISOString().slice(0, 19).replaceAll(':', '-')
  await runDemo(context, {
    specification: {
      ...specification,
      steps: options.steps,
      data: { ...specification.data, partitions: options.peers },
      ...(options.averaging ? {} : { averaging: { algorithm: 'none' as const } }),
    },
    peers: options.peers,
    dashboard: options,
    model,
    directory: await newDirectory(options.directory ?? join('runs', `demo-${time}`)),
  })
}

async function newDirectory(path: string): Promise<string> {
  try {
    await mkdir(join(path, '..'), { recursive: true })
    await mkdir(path)
    return path
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw code === 'EEXIST'
      ? new MurmurError({ code: 'USAGE', message: `${path} exists; the demo wants a new directory`, cause })
      : new MurmurError({ code: 'STORAGE_FAILED', message: `Cannot make ${path}: ${message}`, cause })
  }
}

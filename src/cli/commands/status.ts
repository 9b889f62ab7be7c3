import type { Command } from 'commander'
import { number } from '../arguments.ts'
import { addCommand, type CommandContext, type Runner } from '../command.ts'

interface StatusOptions {
  watch?: boolean
  listen: number
}

export function addStatus(program: Command, run: Runner): void {
  addCommand(program, {
    name: 'status',
    summary: 'show a swarm in the terminal: its peers, curves, and who averaged with whom',
    description:
      'The same as the dashboard, of the same sources: a directory with records, or an invitation, which is joined as an observer.',
    examples: [
      ['murmur status', 'the run in runs/murmuration, now'],
      ['murmur status runs/demo-2026-11-21T02-57-28 --watch', 'a whole swarm, redrawn as it goes on'],
      ["murmur status '/ip4/192.0.2.1/tcp/4001/p2p/12D3Koo...#5f0c...'", 'a swarm elsewhere, heard for five seconds'],
      ['murmur status runs/murmuration --json', 'what /api/state answers'],
    ],
  })
    .argument('[run]', 'a run directory or an invitation [default: runs/murmuration]')
    .option('-w, --watch', 'redraw until Ctrl-C; where that is no terminal, print again every five seconds')
    .option('--listen <seconds>', "how long to hear a swarm's heartbeats before showing it", number(0, 3600), 5)
    .action(run(status))
}

async function status(context: CommandContext, options: StatusOptions, where: string | undefined): Promise<void> {
  const { showStatus } = await import('../dashboard/show-status.ts')
  await showStatus(context, where, { watch: options.watch ?? false, listenMs: options.listen * 1000 })
}

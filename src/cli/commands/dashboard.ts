import type { Command } from 'commander'
import { integer } from '../arguments.ts'
import { addCommand, type CommandContext, type Runner } from '../command.ts'

interface DashboardOptions {
  port?: number
  host: string
}

export function addDashboard(program: Command, run: Runner): void {
  addCommand(program, {
    name: 'dashboard',
    summary: 'show a run in the browser: who averages with whom, live or replayed',
    description:
      "A directory is read, and followed while peers write to it. An invitation is joined as an observer: it hosts nothing, trains nothing, and hears what the peers' heartbeats say. Served on this machine alone unless --host says otherwise; then the printed link holds a token.",
    examples: [
      ['murmur dashboard', 'the run in runs/murmuration'],
      ['murmur dashboard runs/demo-2026-11-21T02-57-28', 'a whole swarm: every events.jsonl below the directory'],
      ["murmur dashboard '/ip4/192.0.2.1/tcp/4001/p2p/12D3Koo...#5f0c...'", 'a swarm elsewhere, as an observer'],
      ['murmur dashboard --host 0.0.0.0 --port 8080', 'for others too; open the printed link'],
    ],
  })
    .argument('[run]', 'a run directory or an invitation [default: runs/murmuration]')
    .option(
      '-p, --port <n>',
      'port to serve at; 0 is any free one [default: 8787, or any free one]',
      integer(0, 65_535),
    )
    .option('--host <address>', 'address to serve at', '127.0.0.1')
    .action(run(dashboard))
}

async function dashboard(context: CommandContext, options: DashboardOptions, where: string | undefined): Promise<void> {
  const { showDashboard } = await import('../dashboard/show-dashboard.ts')
  await showDashboard(context, where, options)
}

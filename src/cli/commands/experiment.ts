import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { integer } from '../arguments.ts'
import { addCommand, type CommandContext, type Runner } from '../command.ts'
import { version } from '../version.ts'

interface ExperimentOptions {
  directory?: string
  parallel: number
  seeds?: number
  arm?: string
  real: boolean
}

export function addExperiment(program: Command, run: Runner): void {
  addCommand(program, {
    name: 'experiment',
    summary: 'compare ways of training together: arms x seeds, in virtual time, with a report',
    description:
      'Every arm is a whole swarm of the same peers as everywhere, with real gradients, on modelled links and machines. Finished cells are kept: started again, an experiment goes on where it was. Its folder gets report.html, figures, CSV and JSON.',
    examples: [
      ['murmur experiment list', 'those that come with murmur'],
      ['murmur experiment stragglers', 'run one of them'],
      ['murmur experiment my.yaml --seeds 2 --parallel 1', 'one of your own, in short and on one core'],
      ['murmur experiment simulator-fidelity', 'how near virtual time comes to real processes'],
      ['murmur experiment sync-vs-gossip --real --arm gossip --seeds 1', 'an arm with real processes on 127.0.0.1'],
    ],
  })
    .argument('<file|name>', 'an experiment file, the name of one that comes with murmur, or `list`')
    .option('-d, --directory <path>', 'where records and report go [default: runs/experiments/<name>]')
    .option('--parallel <n>', 'cells computed at a time, one thread each', integer(1, 256), availableParallelism())
    .option('--seeds <n>', 'only the first n seeds', integer(1, 1000))
    .option('--arm <name>', 'only this arm')
    .option(
      '--real',
      'real processes on this machine, one swarm at a time, in real time: `compute` and `links` are what they are',
      false,
    )
    .action(run(experiment))
}

async function experiment(context: CommandContext, options: ExperimentOptions, name: string): Promise<void> {
  if (name === 'list') return await list(context)
  const { output, signal, clock, interrupt } = context
  const { loadExperiment } = await import('../experiment/shipped.ts')
  const { runExperiment } = await import('../../experiment/run-experiment.ts')
  const { sourceCommit } = await import('../experiment/source-commit.ts')
  const { progressLines } = await import('../experiment/progress.ts')
  const { renderSummaryTable } = await import('../../experiment/report/write-report.ts')
  const { onlyArm } = await import('../../experiment/specification/experiment.ts')
  const { realCells, requireReal } = await import('../experiment/real-cells.ts')
  const { table } = await import('../table.ts')
  const loaded = await loadExperiment(name)
  const wanted = options.arm === undefined ? loaded : onlyArm(loaded, options.arm)
  const plan = { ...wanted, seeds: loaded.seeds.slice(0, options.seeds ?? loaded.seeds.length) }
  const place = options.directory ?? join('runs', 'experiments', plan.name.replaceAll(/[^\w.-]+/g, '-'))
  const versions = { commit: await sourceCommit(), murmur: version() }
  if (options.real || plan.fidelity) requireReal(plan)
  // A report of its own: what takes real time is not to be compared with what takes virtual time.
  const directory = options.real && !plan.fidelity ? join(place, 'real') : place
  const timeLabel = options.real ? 'time' : undefined
  const cells = plan.treatments.length * plan.seeds.length
  output.line(`${plan.name}: ${plan.arms.length} arms, ${cells} cells, records in ${directory}`)
  interrupt.finishing('the report of what there is; the cells under way are given up')
  if (plan.fidelity) {
    const { showFidelity } = await import('../experiment/fidelity.ts')
    return await showFidelity(context, plan, { directory, versions, ...plan.fidelity })
  }
  const view = await output.status()
  let phase: 'tuning' | 'running' = 'tuning'
  let begun = clock.now()
  const { records, chosen, report } = await runExperiment(plan, {
    directory,
    parallel: options.real ? 1 : options.parallel,
    timeLabel,
    ...(options.real && { openRunner: () => realCells(clock) }),
    versions,
    signal,
    onProgress: progress => {
      if (progress.phase !== phase) begun = clock.now()
      phase = progress.phase
      view.show(progressLines(progress, clock.now() - begun))
    },
  }).finally(() => view.stop())
  output.result({ experiment: plan.name, directory, report, chosen, records: records.map(summaryOf) }, () => {
    const { titles, rows } = renderSummaryTable({ specification: { ...plan, timeLabel }, records })
    return [...table(titles, rows), '', `Report: ${report}`].join('\n')
  })
}

async function list({ output }: CommandContext): Promise<void> {
  const { loadExperiment, shippedExperiments } = await import('../experiment/shipped.ts')
  const { table } = await import('../table.ts')
  const experiments = await Promise.all((await shippedExperiments()).map(loadExperiment))
  const rows = experiments.map(({ name, arms, treatments, seeds, description }) => ({
    name,
    arms: arms.length,
    cells: treatments.length * seeds.length,
    description,
  }))
  output.result(rows, () =>
    table(
      ['experiment', 'arms', 'cells', 'what it asks'],
      rows.map(row => [row.name, row.arms, row.cells, row.description.trim()]),
    ).join('\n'),
  )
}

/** A record without its samples. */
function summaryOf({ samples, ...record }: { samples: readonly unknown[] }): object {
  return { ...record, last: samples.at(-1) }
}

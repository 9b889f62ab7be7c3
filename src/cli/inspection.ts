import { access } from 'node:fs/promises'
import { sumOfSquares } from '../core/vector.ts'
import { latestCheckpoint, readCheckpoint } from '../peer/checkpoint/checkpoint.ts'
import type { CheckpointState } from '../peer/checkpoint/checkpoint-file.ts'
import { type RunPaths, readRunSpecification, runPaths } from '../peer/checkpoint/run-directory.ts'
import { readEvents } from '../peer/records/read-events.ts'
import { type StalenessQuantiles, stalenessQuantiles } from '../peer/records/staleness.ts'
import {
  type ExchangeCounts,
  type PeerSummary,
  summarize,
  tokensPerSecond,
  trainingShare,
} from '../peer/records/summary.ts'
import { runId } from '../peer/specification/canonical.ts'
import type { RunSpecification } from '../peer/specification/schema.ts'
import { describeTokenizer } from './describe-tokenizer.ts'
import { formatBytes, formatCount, formatDuration, formatLoss, formatMetrics, formatPercent } from './format.ts'
import { isDirectory } from './open-checkpoint.ts'
import type { Output } from './output.ts'
import { pairs, table } from './table.ts'

/** What `murmur inspect` tells: of a checkpoint alone, or of a run directory with its newest one. */
export interface Inspection {
  path: string
  run: string | undefined
  specification: RunSpecification | undefined
  checkpoint: CheckpointInspection | undefined
  records: RecordsInspection | undefined
}

interface CheckpointInspection {
  path: string
  run: string
  step: number
  tokens: number
  parameters: number
  optimizer: string[]
  tensors: TensorInspection[]
}

interface TensorInspection {
  name: string
  shape: readonly number[]
  parameters: number
  /** Root mean square of its values. */
  rms: number
}

interface RecordsInspection {
  peer: string
  state: PeerSummary['state']
  /** Milliseconds since the Unix epoch. */
  from: number
  to: number
  step: number
  tokens: number
  loss: number | undefined
  validationLoss: { first: number; last: number; best: number } | undefined
  /** The model's, of the last evaluation. */
  metrics: Readonly<Record<string, number>> | undefined
  tokensPerSecond: number | undefined
  trainingShare: number | undefined
  exchanges: ExchangeCounts
  staleness: StalenessQuantiles
  bytesSent: number
  bytesReceived: number
  warnings: number
  lastWarning: string | undefined
  damagedLines: number
}

/** @throws MurmurError `CHECKPOINT_INVALID`, `SPECIFICATION_INVALID`, `STORAGE_FAILED`, `USAGE` */
export async function inspectPath(path: string, output: Output, signal: AbortSignal): Promise<Inspection> {
  const paths = runPaths(path)
  if (await isDirectory(paths.checkpoints)) return await inspectRun(paths, output, signal)
  const { path: file, state, problems } = await readCheckpoint(path)
  for (const problem of problems) output.warn(problem.message)
  const checkpoint = inspectCheckpoint(file, state)
  const specification = JSON.parse(state.specification) as RunSpecification
  return { path: file, run: state.runId, specification, checkpoint, records: undefined }
}

async function inspectRun(paths: RunPaths, output: Output, signal: AbortSignal): Promise<Inspection> {
  const specification = await readRunSpecification(paths)
  const found = await latestCheckpoint(paths.checkpoints)
  for (const problem of found?.problems ?? []) output.warn(problem.message)
  return {
    path: paths.path,
    run: specification && runId(specification),
    specification,
    checkpoint: found && inspectCheckpoint(found.path, found.state),
    records: await inspectRecords(paths.events, signal),
  }
}

function inspectCheckpoint(path: string, state: CheckpointState): CheckpointInspection {
  let offset = 0
  const tensors = state.tensors.map(({ name, shape }): TensorInspection => {
    const length = shape.reduce((product, size) => product * size, 1)
    const values = state.parameters.subarray(offset, offset + length)
    offset += length
    return { name, shape, parameters: length, rms: Math.sqrt(sumOfSquares(values) / length) }
  })
  const { runId: run, step, tokens, parameters, optimizer } = state
  return { path, run, step, tokens, parameters: parameters.length, optimizer: Object.keys(optimizer), tensors }
}

/** Undefined if nothing was recorded. */
async function inspectRecords(path: string, signal: AbortSignal): Promise<RecordsInspection | undefined> {
  if (!(await exists(path))) return undefined
  const reader = readEvents(path, signal)
  let summary: PeerSummary | undefined
  for await (const event of reader) summary = summarize(summary, event)
  if (!summary) return undefined
  const { validation, warnings } = summary
  return {
    peer: summary.peer,
    state: summary.state,
    from: summary.firstTime,
    to: summary.lastTime,
    step: summary.step,
    tokens: summary.tokens,
    loss: summary.lastStep?.loss,
    validationLoss: validation && {
      first: validation.first.loss,
      last: validation.last.loss,
      best: validation.best.loss,
    },
    metrics: validation?.last.metrics,
    tokensPerSecond: tokensPerSecond(summary),
    trainingShare: trainingShare(summary),
    exchanges: summary.exchanges,
    staleness: stalenessQuantiles(summary.staleness),
    bytesSent: summary.bytesSent,
    bytesReceived: summary.bytesReceived,
    warnings: warnings.total,
    lastWarning: warnings.last?.message,
    damagedLines: reader.damaged,
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}

/** The inspection for people. Pure. */
export function renderInspection(inspection: Inspection, withTensors: boolean): string {
  const { path, run, specification, checkpoint, records } = inspection
  const sections = [
    pairs([['path', path], ['run', run], ...specificationPairs(specification)]),
    checkpoint ? checkpointLines(checkpoint) : ['no checkpoint yet'],
    records && recordLines(records, specification?.steps),
    checkpoint && withTensors && tensorLines(checkpoint.tensors),
  ]
  return sections
    .filter(lines => lines !== undefined && lines !== false)
    .map(lines => lines.join('\n'))
    .join('\n\n')
}

function specificationPairs(specification: RunSpecification | undefined): [string, string | undefined][] {
  if (!specification) return []
  const { name, model, data, averaging, steps, batch } = specification
  const { kind, ...sizes } = model
  const described = Object.entries(sizes).map(([key, value]) => `${key} ${value}`)
  const paths = data.kind === 'text' ? (data.paths.length > 0 ? data.paths.join(', ') : 'default corpus') : data.images
  return [
    ['name', name],
    ['model', `${kind}, ${described.join(', ')}`],
    ['data', `${data.kind}, ${paths}`],
    ['tokenizer', data.kind === 'text' ? describeTokenizer(data.tokenizer) : undefined],
    ['steps', `${steps} of batch ${batch}`],
    ['averaging', averaging.algorithm === 'none' ? 'none' : `${averaging.algorithm} every ${averaging.every} steps`],
  ]
}

function checkpointLines(checkpoint: CheckpointInspection): string[] {
  const { path, step, tokens, parameters, tensors, optimizer } = checkpoint
  return pairs([
    ['checkpoint', path],
    ['step', String(step)],
    ['tokens', formatCount(tokens)],
    ['parameters', `${parameters} in ${tensors.length} tensors`],
    ['optimizer', optimizer.length > 0 ? optimizer.join(', ') : 'no state'],
  ])
}

function recordLines(records: RecordsInspection, steps: number | undefined): string[] {
  const { exchanges, staleness, validationLoss: validation, tokensPerSecond: rate, trainingShare: share } = records
  const failed = Object.entries(exchanges.failed).map(([reason, n]) => `${n} ${reason}`)
  return pairs([
    ['peer', records.peer],
    ['state', `${records.state}, ${formatDuration(records.to - records.from)} from first to last event`],
    ['step', steps === undefined ? String(records.step) : `${records.step}/${steps}`],
    ['loss', records.loss === undefined ? undefined : formatLoss(records.loss)],
    [
      'validation',
      validation &&
        `${formatLoss(validation.last)}, from ${formatLoss(validation.first)}${formatMetrics(records.metrics)}`,
    ],
    ['speed', rate === undefined ? undefined : `${formatCount(rate)} tokens/s`],
    ['training', share === undefined ? undefined : `${formatPercent(share)} of the time after warm-up`],
    ['exchanges', `${exchanges.ok}/${exchanges.tried} ok${failed.length > 0 ? ` (${failed.join(', ')})` : ''}`],
    ['staleness', exchanges.ok > 0 ? `p50 ${staleness.p50}, p95 ${staleness.p95}, max ${staleness.max}` : undefined],
    ['traffic', `${formatBytes(records.bytesSent)} sent, ${formatBytes(records.bytesReceived)} received`],
    ['warnings', records.warnings > 0 ? `${records.warnings}, the last: ${records.lastWarning}` : undefined],
    ['damaged', records.damagedLines > 0 ? `${records.damagedLines} lines of events.jsonl` : undefined],
  ])
}

function tensorLines(tensors: readonly TensorInspection[]): string[] {
  return table(
    ['tensor', 'shape', 'parameters', 'rms'],
    tensors.map(({ name, shape, parameters, rms }) => [name, shape.join(' x '), parameters, rms.toPrecision(3)]),
  )
}

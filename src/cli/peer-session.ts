import type { LaunchInit, Listening } from '../peer/launch.ts'
import { type PeerSummary, summarize, tokensPerSecond, trainingShare } from '../peer/records/summary.ts'
import type { CommandContext } from './command.ts'
import { type DashboardOption, openDashboard } from './dashboard-option.ts'
import { formatBytes, formatCount, formatLoss, formatMetrics, formatPercent } from './format.ts'
import { type ProgressView, silentView } from './progress/view.ts'

type PeerHooks = Required<Pick<LaunchInit, 'sinks' | 'onListening'>> & Pick<LaunchInit, 'onStatus' | 'metrics'>

/**
 * Shows a peer at work: who it is and how to join it, its progress, and what came out. With --json: the same as lines
 * on stdout, a `listening` object first, then every recorded event, a `summary` object last.
 */
export async function showPeer(
  context: CommandContext,
  launch: (hooks: PeerHooks) => Promise<void>,
  options?: DashboardOption,
): Promise<void> {
  const { output, interrupt, signal } = context
  interrupt.finishing('the exchange under way, then a checkpoint')
  let view: ProgressView = silentView
  let summary: PeerSummary | undefined
  let where: Listening | undefined
  await using resources = new AsyncDisposableStack()
  const dashboard = options && (await openDashboard(context, options, { name: 'this peer' }, resources))
  try {
    await launch({
      metrics: dashboard?.mesh,
      onStatus: (peer, status) => dashboard?.source.hear(peer, status),
      sinks: [
        {
          write(event) {
            summary = summarize(summary, event)
            view.write(event)
            dashboard?.source.write(event)
            if (output.json) output.result(event, () => '')
          },
        },
      ],
      async onListening(listening) {
        where = listening
        const { specification, ...named } = listening
        dashboard?.source.describe(listening)
        if (output.json) output.result({ type: 'listening', ...named, steps: specification.steps }, () => '')
        output.line(`Run ${listening.run} (${specification.name}), records in ${listening.directory}`)
        const [invitation] = listening.invitations
        if (invitation) output.line(`Others join with:\n  murmur join '${invitation}'`)
        view = await output.progress({ shape: 'peer', totalSteps: specification.steps })
      },
    })
  } catch (error) {
    // Before there was anything to finish, stopping is all there is to do.
    if (!signal.aborted || error !== signal.reason) throw error
  } finally {
    view.stop()
  }
  if (summary && where) output.result({ type: 'summary', ...outcome(summary) }, outcomeText(summary, where))
}

/** A peer that had nothing left to do took no step in this session; its checkpoint knows how far it is. */
function stepsDone({ step, checkpoint }: PeerSummary): number {
  return Math.max(step, checkpoint?.step ?? 0)
}

function outcome(summary: PeerSummary) {
  const { tokens, lastStep, validation, exchanges, answered, bytesSent, checkpoint, warnings } = summary
  return {
    step: stepsDone(summary),
    tokens,
    loss: lastStep?.loss ?? null,
    validationLoss: validation ? { start: validation.first.loss, end: validation.last.loss } : null,
    metrics: validation?.last.metrics ?? null,
    exchanges,
    answered,
    bytesSent,
    tokensPerSecond: tokensPerSecond(summary) ?? null,
    trainingShare: trainingShare(summary) ?? null,
    checkpoint: checkpoint?.path ?? null,
    warnings: warnings.reasons,
  }
}

function outcomeText(summary: PeerSummary, { specification }: Listening): () => string {
  return () => {
    const { tokens, validation, exchanges, bytesSent, checkpoint } = summary
    const share = trainingShare(summary)
    return [
      `${stepsDone(summary)} of ${specification.steps} steps, ${formatCount(tokens)} tokens`,
      validation &&
        `validation loss ${formatLoss(validation.first.loss)} -> ${formatLoss(validation.last.loss)}${formatMetrics(validation.last.metrics)}`,
      exchanges.tried > 0 && `${exchanges.ok} of ${exchanges.tried} exchanges, ${formatBytes(bytesSent)} sent`,
      share !== undefined && `${formatPercent(share)} of the time training`,
      checkpoint && `checkpoint ${checkpoint.path}`,
    ]
      .filter(Boolean)
      .join('\n')
  }
}

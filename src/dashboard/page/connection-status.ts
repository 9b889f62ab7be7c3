import { byId, setText } from './element.ts'
import { percent } from './format.ts'
import type { Connection, Phase } from './player.ts'
import type { SwarmModel } from './swarm-model.ts'

/**
 * Says whether the page is in touch with its server, what went wrong, and what there is to wait for while there is nobody to see.
 * @param problem of the moment that is asked for
 */
export function showConnection(
  connection: Connection,
  phase: Phase,
  model: SwarmModel,
  problem: string | undefined,
): void {
  document.body.dataset.connection = connection
  setText(byId('connection', HTMLElement), words(connection, phase, model))
  const wrong = problem ?? failedSource(model)
  const place = byId('problem', HTMLElement)
  place.hidden = wrong === undefined
  setText(place, wrong ?? '')
  const empty = byId('empty', HTMLElement)
  const present = [...model.peers.values()].some(peer => peer.presence !== 'departed')
  empty.hidden = present
  if (!present) setText(byId('empty-text', HTMLElement), waitingFor(connection, model))
}

function words(connection: Connection, phase: Phase, model: SwarmModel): string {
  if (connection === 'lost') return 'Disconnected. Trying again…'
  if (connection === 'connecting') return 'Connecting…'
  const reading = model.run && model.run.indexed < 1 ? `, ${percent(model.run.indexed)} of the records read` : ''
  if (phase === 'following') return (model.run?.mode === 'replay' ? 'The end' : 'Live') + reading
  const replay = model.run?.mode === 'live' ? 'Looking back' : 'Replay'
  return `${replay}${phase === 'paused' ? ', paused' : ''}${reading}`
}

function waitingFor(connection: Connection, model: SwarmModel): string {
  if (connection === 'lost') return 'The dashboard’s server does not answer. This page tries again by itself.'
  if (connection === 'connecting' || !model.run) return 'Connecting…'
  const failed = failedSource(model)
  if (failed !== undefined) return failed
  if (model.run.indexed < 1) return `Reading the records: ${percent(model.run.indexed)}`
  if (model.peers.size > 0) return 'Nobody is here at this moment: all have departed.'
  if (model.run.mode === 'replay') return 'These records tell of no peer.'
  return 'No peers yet. They appear as soon as one is heard of.'
}

function failedSource({ run }: SwarmModel): string | undefined {
  const failed = run?.sources.find(source => source.state === 'failed')
  return failed && `${failed.name}: ${failed.problem ?? 'cannot be read'}`
}

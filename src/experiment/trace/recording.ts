import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { storageError } from '../../core/storage.ts'
import type { RecordedComputeTime } from '../../network/simulation/compute-time.ts'
import type { MeasuredLinks } from '../../network/simulation/links.ts'
import { estimateLinks } from './link-estimate.ts'
import { type PeerTrace, readPeerTrace, unusable } from './peer-trace.ts'

/** A real run as the simulator replays it: plain data. */
export interface Recording {
  /** The peers' ids. */
  readonly peers: readonly string[]
  readonly compute: RecordedComputeTime
  readonly links: MeasuredLinks
}

const EVENTS = 'events.jsonl'
/** Folders below the one that is named in which logs are looked for. */
const DEPTH = 4
const MOST_PEERS = 1024

/**
 * Reads what a run left behind: one peer's events.jsonl or run directory, or a folder with those of a whole swarm.
 * @throws MurmurError `RECORD_INVALID` if there is no usable log, naming the file; `STORAGE_FAILED`; the signal's reason
 */
export async function readRecording(path: string, signal?: AbortSignal): Promise<Recording> {
  const logs = await findLogs(path)
  if (logs.length === 0) throw unusable(path, 'there is no events.jsonl in it or below')
  if (logs.length > MOST_PEERS) throw unusable(path, `it holds ${logs.length} logs, at most ${MOST_PEERS} are replayed`)
  const traces: PeerTrace[] = []
  for (const log of logs) traces.push(await readPeerTrace(log, signal))
  return recordingOf(traces)
}

/** @param traces in the order in which simulated peers take them, at least one */
export function recordingOf(traces: readonly PeerTrace[]): Recording {
  const first = Math.min(...traces.map(({ began }) => began))
  return {
    peers: traces.map(({ peer }) => peer),
    compute: {
      kind: 'recorded',
      peers: traces.map(({ began, steps }) => ({ offset: began - first, steps: [...steps] })),
    },
    links: estimateLinks(traces),
  }
}

/** In the natural order of their names: peer-2 before peer-10. */
async function findLogs(path: string): Promise<string[]> {
  try {
    if ((await stat(path)).isFile()) return [path]
    return (await logsBelow(path, DEPTH)).sort(new Intl.Collator('en', { numeric: true }).compare)
  } catch (error) {
    throw storageError('replay', path, error)
  }
}

async function logsBelow(directory: string, depth: number): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const here = entries.some(entry => entry.isFile() && entry.name === EVENTS)
  if (here) return [join(directory, EVENTS)]
  if (depth === 0) return []
  const below: string[] = []
  for (const entry of entries) {
    if (entry.isDirectory()) below.push(...(await logsBelow(join(directory, entry.name), depth - 1)))
  }
  return below
}

/**
 * Claim: peers that average by gossip, each on its own partition, end with a better model than the same peers alone, for
 * the same tokens. Two demos on this machine, one after the other; prints a table and, last, one JSON object.
 *
 *   npx node experiments/gossip-vs-alone.ts [steps] [peers]
 */
import { execFile } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { DemoOutcome } from '../src/cli/demo/demo.ts'

const MURMUR = fileURLToPath(new URL('../bin/murmur.js', import.meta.url))
const [steps = '800', peers = '4'] = process.argv.slice(2)
const directory = await mkdtemp(join(tmpdir(), 'gossip-vs-alone-'))

async function arm(name: string, ...options: string[]): Promise<DemoOutcome> {
  const args = ['demo', '--steps', steps, '--peers', peers, '--directory', join(directory, name), '--json', ...options]
  const { stdout } = await promisify(execFile)(process.execPath, [MURMUR, ...args])
  return JSON.parse(stdout) as DemoOutcome
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

const gossip = await arm('gossip')
const alone = await arm('alone', '--no-averaging')
console.log('arm      averaged model  mean of peers  consensus distance  tokens   seconds')
for (const [name, { validationLoss, consensusDistance, tokens, wallSeconds }] of Object.entries({ gossip, alone })) {
  const columns = [
    name.padEnd(7),
    validationLoss.averaged.end.toFixed(4).padStart(14),
    mean(validationLoss.perPeer.map(peer => peer.end))
      .toFixed(4)
      .padStart(13),
    consensusDistance.end.toPrecision(3).padStart(18),
    String(tokens).padStart(7),
    wallSeconds.toFixed(0).padStart(7),
  ]
  console.log(columns.join('  '))
}
console.log(JSON.stringify({ steps: Number(steps), peers: Number(peers), gossip, alone }))

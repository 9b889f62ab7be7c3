import { random } from '../../src/core/random.ts'
import type { CellRecord, CellSample, Conditions } from '../../src/experiment/cell-record.ts'
import type { ReportSpecification } from '../../src/experiment/report/report-specification.ts'

/** Made up, to look at reports: nothing here was trained, and no figure made from it says anything about an algorithm. */
export interface SyntheticArm {
  name: string
  /** Virtual seconds for a step of all peers. */
  secondsPerStep: number
  /** Sent by all peers in a step. */
  bytesPerStep: number
  /** Nats above where the baseline ends. */
  penalty: number
  /** Consensus distance it settles at; 0 for what is synchronous. */
  distance: number
  idle: number
  /** Mean staleness in local steps; undefined without exchanges. */
  staleness?: number
}

export const syntheticArms: readonly SyntheticArm[] = [
  { name: 'all-reduce', secondsPerStep: 2.4, bytesPerStep: 7e6, penalty: 0, distance: 0, idle: 0.71 },
  { name: 'gossip', secondsPerStep: 0.55, bytesPerStep: 4e4, penalty: 0.003, distance: 2.1, idle: 0.02, staleness: 3 },
  {
    name: 'noloco',
    secondsPerStep: 0.6,
    bytesPerStep: 3.5e4,
    penalty: -0.004,
    distance: 1.2,
    idle: 0.05,
    staleness: 8,
  },
  { name: 'diloco', secondsPerStep: 1.1, bytesPerStep: 7e4, penalty: 0.012, distance: 0.9, idle: 0.44, staleness: 0.1 },
  { name: 'no communication', secondsPerStep: 0.5, bytesPerStep: 0, penalty: 0.38, distance: 310, idle: 0 },
]

const STEPS = 600
const SAMPLES = 24
const TOKENS_PER_STEP = 8 * 512

export interface SyntheticInit {
  seeds?: readonly number[]
  arms?: readonly SyntheticArm[]
  conditions?: Conditions
  target?: number
}

export function syntheticCells({
  seeds = [1, 2, 3, 4, 5],
  arms = syntheticArms,
  conditions = { churn: '10%', data: 'iid', peers: 8 },
  target = 2.2,
}: SyntheticInit = {}): CellRecord[] {
  return arms.flatMap(arm => seeds.map(seed => syntheticCell(arm, seed, conditions, target)))
}

function syntheticCell(arm: SyntheticArm, seed: number, conditions: Conditions, target: number): CellRecord {
  const ofSeed = random(`seed ${seed}`)
  const noise = random(`${arm.name} ${seed} ${JSON.stringify(conditions)}`)
  const level = 1.95 + 0.02 * ofSeed.normal() + arm.penalty + 0.0015 * noise.normal()
  const pace = arm.secondsPerStep * (1 + 0.04 * noise.normal())
  const samples = Array.from({ length: SAMPLES + 1 }, (_, i): CellSample => {
    const step = Math.round((i * STEPS) / SAMPLES)
    const loss = level + 3.6 * Math.exp(-step / 60) * (1 + 0.01 * noise.normal()) + 0.25 * Math.exp(-step / 300)
    const distance = arm.distance * (1 - Math.exp(-step / 80)) * Math.exp(0.15 * noise.normal())
    return {
      tokens: step * TOKENS_PER_STEP,
      time: step * pace,
      bytes: step * arm.bytesPerStep,
      lossMean: loss,
      lossOfPeersMean: loss + distance * 2e-3,
      lossOfWorstPeer: loss + distance * 5e-3,
      consensusDistance: distance,
      relativeConsensusDistance: distance / 900,
    }
  })
  const reached = samples.find(sample => sample.lossMean <= target)
  return {
    format: 1,
    experiment: 'synthetic',
    arm: arm.name,
    seed,
    conditions,
    status: reached ? 'finished' : 'censored',
    samples,
    summary: {
      ...syntheticExchanges(arm, noise),
      idleShare: Math.max(0, arm.idle * (1 + 0.05 * noise.normal())),
      bytesPerPeerPerStep: arm.bytesPerStep / 8,
      bytesPerToken: arm.bytesPerStep / TOKENS_PER_STEP,
      target: {
        loss: target,
        ...(reached && { reached: { tokens: reached.tokens, time: reached.time, bytes: reached.bytes } }),
      },
      wallSeconds: 31,
    },
    versions: { commit: '0123456789abcdef0123456789abcdef01234567', murmur: '0.1.0' },
  }
}

function syntheticExchanges(
  { staleness: mean }: SyntheticArm,
  noise: ReturnType<typeof random>,
): Pick<CellRecord['summary'], 'staleness' | 'exchanges'> {
  if (mean === undefined)
    return { staleness: { counts: [], total: 0, max: 0 }, exchanges: { tried: 0, ok: 0, failed: {} } }
  const counts: number[] = []
  for (let i = 0; i < 500; i++) {
    const steps = Math.floor(-mean * Math.log(1 - noise.next()))
    while (counts.length <= steps) counts.push(0)
    counts[steps]!++
  }
  return {
    staleness: { counts, total: 500, max: counts.length - 1 },
    exchanges: { tried: 540, ok: 500, failed: { unreachable: 31, 'timed-out': 9 } },
  }
}

export const syntheticSpecification: ReportSpecification = {
  name: 'synthetic',
  description: 'Made-up records, to look at a report. Nothing was trained.',
  text: 'name: synthetic\nmargin: 0.01\n',
  arms: syntheticArms.map(arm => arm.name),
  baseline: 'all-reduce',
  seeds: [1, 2, 3, 4, 5],
  margin: 0.01,
  target: 2.2,
}

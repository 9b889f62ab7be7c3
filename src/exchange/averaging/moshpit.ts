import { invalidOption } from '../../core/invalid-option.ts'
import type { AveragerFactory } from '../averager.ts'
import type { Meeting } from '../rounds/meeting.ts'
import { ringMean } from '../rounds/ring.ts'
import { grid } from '../topology/grid.ts'
import { randomGroups } from '../topology/groups.ts'
import { type Grouping, groupOf } from '../topology/mixing.ts'
import type { LocalSgdInit } from './local-sgd.ts'
import { synchronousAverager } from './synchronous.ts'

export interface MoshpitInit extends LocalSgdInit {
  /** Most peers of a group. Must be an integer >= 2. @default 4 */
  groupSize?: number
  /**
   * Groups along the axes of a grid, one axis after the other, instead of random ones: exact after as many rounds as there are
   * axes if the grid is full, but slower than random groups where peers come and go. @default false
   */
  grid?: boolean
}

/**
 * Moshpit SGD (Ryabinin et al. 2021, arXiv:2103.03239): every H steps the peers form small groups, other ones in every round, and
 * each group takes on its exact mean by ring all-reduce. Waits for the own group alone, and sends 2 P (g-1)/g values.
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function moshpit(init: MoshpitInit = {}): AveragerFactory {
  const { every = 20, codec = 'float32', timeout = 120, groupSize = 4, grid: onGrid = false } = init
  if (!Number.isInteger(groupSize) || groupSize < 2) throw invalidOption('groupSize', 'an integer >= 2', groupSize)
  return components => {
    const groupsOf = (n: number, round: number): Grouping =>
      onGrid ? grid(n, axes(n, groupSize), round) : randomGroups(n, groupSize, components.run, round)
    return synchronousAverager(components, { every, timeout }, allocate => {
      const scratch = allocate()
      return { mix: (meeting, values) => ringMean(groupMeeting(meeting, groupsOf), values, scratch, codec) }
    })
  }
}

/** The least number of axes of length `groupSize` whose grid holds n peers. */
function axes(n: number, groupSize: number): number {
  let count = 1
  while (groupSize ** count < n) count += 1
  return count
}

/** The meeting of this peer's group alone; of nobody else if it idles in this round. */
function groupMeeting(meeting: Meeting, groupsOf: (n: number, round: number) => Grouping): Meeting {
  const { members, self, round } = meeting
  const group = groupOf(groupsOf(members.length, round), members.indexOf(self))
  const inIt = [...group].sort((a, b) => a - b).map(rank => members[rank]!)
  return { ...meeting, members: inIt.length > 0 ? inIt : [self] }
}

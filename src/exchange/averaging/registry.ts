import type { AveragerFactory } from '../averager.ts'
import { allReduce } from './all-reduce.ts'
import { choco } from './choco.ts'
import { dPsgd } from './d-psgd.ts'
import { diloco } from './diloco.ts'
import { easgd } from './easgd.ts'
import { fragments } from './fragments.ts'
import { localSgd } from './local-sgd.ts'
import { moshpit } from './moshpit.ts'
import { noAveraging } from './no-averaging.ts'
import { noloco } from './noloco.ts'
import { pairwiseGossip } from './pairwise-gossip.ts'
import { parameterServer } from './parameter-server.ts'
import { pushSum } from './push-sum.ts'
import { sparta } from './sparta.ts'

/** By their names in run.yaml. */
const averagers = {
  pairwise: pairwiseGossip,
  sparta,
  'push-sum': pushSum,
  fragments,
  easgd,
  'parameter-server': parameterServer,
  none: noAveraging,
  'all-reduce': allReduce,
  'local-sgd': localSgd,
  diloco,
  noloco,
  moshpit,
  'd-psgd': dPsgd,
  choco,
}

type Averagers = typeof averagers
type SettingsOf<A extends keyof Averagers> =
  Parameters<Averagers[A]> extends [] ? unknown : NonNullable<Parameters<Averagers[A]>[0]>

/** An algorithm and its settings. */
export type AveragingInit = {
  [A in keyof Averagers]: { algorithm: A } & SettingsOf<A>
}[keyof Averagers]

/** @throws MurmurError `SPECIFICATION_INVALID` */
export function createAverager(init: AveragingInit): AveragerFactory {
  // The algorithm's name chooses a factory that takes just these settings, which the compiler cannot follow.
  const create = averagers[init.algorithm] as (settings: AveragingInit) => AveragerFactory
  return create(init)
}

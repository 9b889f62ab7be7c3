import { allReduce } from '../../src/exchange/averaging/all-reduce.ts'
import { choco } from '../../src/exchange/averaging/choco.ts'
import { dPsgd } from '../../src/exchange/averaging/d-psgd.ts'
import { diloco } from '../../src/exchange/averaging/diloco.ts'
import { localSgd } from '../../src/exchange/averaging/local-sgd.ts'
import { moshpit } from '../../src/exchange/averaging/moshpit.ts'
import { noloco } from '../../src/exchange/averaging/noloco.ts'
import { synchronousSuite } from './synchronous-averager.ts'

synchronousSuite('local SGD', () => localSgd({ every: 10, timeout: 20 }), { exact: true })
synchronousSuite('DiLoCo', () => diloco({ every: 10, timeout: 20 }), { exact: false })
synchronousSuite('all-reduce', () => allReduce({ every: 10, timeout: 20 }), { exact: true })
synchronousSuite('NoLoCo', () => noloco({ every: 10, timeout: 20 }), { exact: false, toTheBit: true })
synchronousSuite('NoLoCo, int8', () => noloco({ every: 10, timeout: 20, codec: 'int8' }), {
  exact: false,
  toTheBit: true,
})
synchronousSuite('Moshpit', () => moshpit({ every: 10, timeout: 20, groupSize: 2 }), { exact: false })
synchronousSuite('Moshpit, grid', () => moshpit({ every: 10, timeout: 20, groupSize: 2, grid: true }), { exact: false })
for (const topology of ['ring', 'star', 'static-exponential', 'one-peer-exponential', 'matching'] as const) {
  synchronousSuite(`D-PSGD, ${topology}`, () => dPsgd({ every: 10, timeout: 20, topology }), {
    exact: false,
    toTheBit: true,
  })
}
for (const compressor of ['top-k', 'random-k'] as const) {
  const settings = { every: 10, timeout: 20, gamma: 0.5, fraction: 0.1, compressor }
  synchronousSuite(`CHOCO, ${compressor}`, () => choco(settings), { exact: false, toTheBit: true })
}

import { allReduce } from '../../src/exchange/averaging/all-reduce.ts'
import { diloco } from '../../src/exchange/averaging/diloco.ts'
import { localSgd } from '../../src/exchange/averaging/local-sgd.ts'
import { synchronousSuite } from './synchronous-averager.ts'

synchronousSuite('local SGD', () => localSgd({ every: 10, timeout: 20 }), { exact: true })
synchronousSuite('DiLoCo', () => diloco({ every: 10, timeout: 20 }), { exact: false })
synchronousSuite('all-reduce', () => allReduce({ every: 10, timeout: 20 }), { exact: true })

import { easgd } from '../../src/exchange/averaging/easgd.ts'
import { fragments } from '../../src/exchange/averaging/fragments.ts'
import { noAveraging } from '../../src/exchange/averaging/no-averaging.ts'
import { pairwiseGossip } from '../../src/exchange/averaging/pairwise-gossip.ts'
import { parameterServer } from '../../src/exchange/averaging/parameter-server.ts'
import { pushSum } from '../../src/exchange/averaging/push-sum.ts'
import { sparta } from '../../src/exchange/averaging/sparta.ts'
import { averagerSuite } from './averager.ts'

averagerSuite('no averaging', noAveraging)
averagerSuite('pairwise gossip, float32', () => pairwiseGossip({ codec: 'float32', every: 3 }))
averagerSuite('pairwise gossip, int8', () => pairwiseGossip({ codec: 'int8', every: 3 }))
averagerSuite('pairwise gossip, float16', () => pairwiseGossip({ codec: 'float16', every: 3 }))
averagerSuite('pairwise gossip, int4', () => pairwiseGossip({ codec: 'int4', every: 3 }))
averagerSuite('pairwise gossip, polynomial', () =>
  pairwiseGossip({ every: 1, staleness: { policy: 'polynomial', exponent: 0.5 } }),
)
averagerSuite('pairwise gossip on a ring', () => pairwiseGossip({ every: 3, topology: { kind: 'ring' } }))
averagerSuite('SPARTA', () => sparta({ every: 1, fraction: 0.1 }))
averagerSuite('SPARTA, int8', () => sparta({ every: 2, fraction: 0.3, codec: 'int8' }))
averagerSuite('push-sum', () => pushSum({ every: 3 }), { keepsSum: false })
averagerSuite('push-sum, int8', () => pushSum({ every: 3, codec: 'int8' }), { keepsSum: false })
averagerSuite('EASGD', () => easgd({ every: 3 }), { keepsSum: false }) // but that over peers and centre
averagerSuite('parameter server', () => parameterServer({ every: 2 }), { keepsSum: false })
averagerSuite('parameter server, int8', () => parameterServer({ codec: 'int8', bound: 4 }), { keepsSum: false })
averagerSuite('fragments', () => fragments({ every: 2, length: 500 }), { keepsSum: false })

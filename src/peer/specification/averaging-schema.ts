import * as z from 'zod'
import { MAX_FRAGMENT_VALUES } from '../../exchange/fragments/fragment.ts'
import { count, keyDocumentation, seconds } from './key-documentation.ts'

const AD_PSGD = 'Lian et al. 2018, arXiv:1710.06952'
const ASYNC_SGD = 'Xie et al. 2019, arXiv:1903.03934'
const LOCAL_SGD = 'Stich 2019, arXiv:1805.09767'
const DILOCO = 'Douillard et al. 2023, arXiv:2311.08105'
const NOLOCO = 'Kolehmainen et al. 2025, arXiv:2506.10911'
const MOSHPIT = 'Ryabinin et al. 2021, arXiv:2103.03239'
const D_PSGD = 'Lian et al. 2017, arXiv:1705.09056'
const CHOCO = 'Koloskova et al. 2019, arXiv:1902.00340'
const RING = 'Patarasuk & Yuan 2009'
const SPARTA = 'Beton et al. 2025'
const EASGD = 'Zhang et al. 2015, arXiv:1412.6651'
const PUSH_SUM = 'Assran et al. 2019, arXiv:1811.10792'

const noPolicy = z.strictObject({
  policy: z
    .literal('none')
    .default('none')
    .register(keyDocumentation, { says: 'Every delta counts in full, however late.', source: AD_PSGD }),
})

const boundedPolicy = z.strictObject({
  policy: z.literal('bounded').register(keyDocumentation, { says: 'Refuses an exchange that took too many steps.' }),
  bound: count(1_000_000_000).default(100).register(keyDocumentation, {
    says: 'Most staleness that is accepted.',
    unit: 'local steps',
  }),
})

const polynomialPolicy = z.strictObject({
  policy: z.literal('polynomial').register(keyDocumentation, {
    says: 'Weighs a delta of staleness s by (1 + s)^-exponent, the same on both sides.',
    source: ASYNC_SGD,
  }),
  exponent: z.number().gt(0).max(10).default(0.5).register(keyDocumentation, {
    says: 'How fast the weight falls with staleness.',
    source: ASYNC_SGD,
  }),
})

const hingePolicy = z.strictObject({
  policy: z.literal('hinge').register(keyDocumentation, {
    says: 'Weighs a delta in full up to `bound`, and beyond by 1 / (1 + slope (s - bound)).',
    source: ASYNC_SGD,
  }),
  bound: z.int().min(0).max(1_000_000_000).default(20).register(keyDocumentation, {
    says: 'Most staleness that counts in full; the default is one period, not tuned.',
    unit: 'local steps',
  }),
  slope: z.number().gt(0).max(1000).default(0.1).register(keyDocumentation, {
    says: 'How fast the weight falls beyond; the default, not tuned, halves it in 10.',
    unit: 'per local step',
  }),
})

const dropPolicy = z.strictObject({
  policy: z.literal('drop').register(keyDocumentation, {
    says: 'Refuses an exchange during which either peer finished a step.',
    source: 'Chen et al. 2016, arXiv:1604.00981',
  }),
})

const every = (steps: number, says = 'Time between two exchanges of the same shard.') =>
  count(1_000_000_000).default(steps).register(keyDocumentation, { says, unit: 'local steps' })

const codec = (standard: 'int8' | 'float32') =>
  z.enum(['int8', 'int4', 'float16', 'float32']).default(standard).register(keyDocumentation, {
    says: 'How values travel: `int8`, `int4` or `float16` in blocks with one scale each, or `float32`, exact.',
    source: 'Dettmers et al. 2022, arXiv:2110.02861',
  })

const staleness = () =>
  z
    .discriminatedUnion('policy', [noPolicy, boundedPolicy, polynomialPolicy, hingePolicy, dropPolicy])
    .prefault({})
    .register(keyDocumentation, { says: 'What becomes of deltas that are late.' })

const randomPairs = z.strictObject({
  kind: z
    .literal('random-pairs')
    .default('random-pairs')
    .register(keyDocumentation, { says: 'Any other peer, at random.', source: AD_PSGD }),
})

const regions = z.strictObject({
  kind: z.literal('regions').register(keyDocumentation, {
    says: 'Peers of the same `--region`, and now and then its leader with other leaders.',
    source: 'Lin et al. 2020, arXiv:1808.07217',
  }),
  every: count(1_000_000_000).default(4).register(keyDocumentation, {
    says: 'One in so many exchanges of a leader is with another leader.',
    unit: 'exchanges',
  }),
})

const fixedTopologies = [
  z.strictObject({
    kind: z.literal('ring').register(keyDocumentation, {
      says: 'The peers before and behind in the order of ids.',
      source: 'Lian et al. 2017, arXiv:1705.09056',
    }),
  }),
  z.strictObject({
    kind: z.literal('star').register(keyDocumentation, { says: 'The peer with the lowest id, and for it all others.' }),
  }),
  z.strictObject({
    kind: z
      .literal('hypercube')
      .register(keyDocumentation, { says: 'Ids whose ranks differ in one bit; needs a power of two of peers.' }),
  }),
  z.strictObject({
    kind: z
      .literal('one-peer-exponential')
      .register(keyDocumentation, { says: 'The peer 1, 2, 4, ... ranks further on, in turns.', source: PUSH_SUM }),
  }),
  z.strictObject({
    kind: z.literal('static-exponential').register(keyDocumentation, {
      says: 'A random one of the peers 1, 2, 4, ... ranks further on.',
      source: PUSH_SUM,
    }),
  }),
] as const

const topology = () =>
  z
    .discriminatedUnion('kind', [randomPairs, regions, ...fixedTopologies])
    .prefault({})
    .register(keyDocumentation, { says: 'Whom a peer may pick for an exchange.' })

const exchangeTimeout = () =>
  seconds().default(15).register(keyDocumentation, { says: 'Longest one exchange may take.', unit: 'seconds' })

const barrierTimeout = () =>
  seconds().default(120).register(keyDocumentation, { says: 'Longest wait for the slowest peer.', unit: 'seconds' })

const pairwise = z.strictObject({
  algorithm: z.literal('pairwise').default('pairwise').register(keyDocumentation, {
    says: 'Asynchronous gossip with one peer at a time.',
    source: AD_PSGD,
  }),
  every: every(20),
  codec: codec('int8'),
  topology: topology(),
  staleness: staleness(),
  timeout: exchangeTimeout(),
})

const sparta = z.strictObject({
  algorithm: z.literal('sparta').register(keyDocumentation, {
    says: 'Gossip of few random coordinates, often, with one peer at a time.',
    source: SPARTA,
  }),
  every: every(1),
  fraction: z.number().gt(0).max(1).default(0.005).register(keyDocumentation, {
    says: 'Share of the coordinates that an exchange averages.',
    source: SPARTA,
  }),
  codec: codec('float32'),
  topology: topology(),
  staleness: staleness(),
  timeout: exchangeTimeout(),
})

const pushSum = z.strictObject({
  algorithm: z.literal('push-sum').register(keyDocumentation, {
    says: 'Stochastic gradient push: one-way shares of parameters and weight; use a directed topology.',
    source: PUSH_SUM,
  }),
  every: every(20, 'Time between two shares of the same shard.'),
  codec: codec('float32'),
  topology: topology(),
  timeout: exchangeTimeout(),
})

const easgd = z.strictObject({
  algorithm: z.literal('easgd').register(keyDocumentation, {
    says: 'Elastic averaging: each peer and a centre at one of them pull each other now and then.',
    source: EASGD,
  }),
  every: every(20, 'Time between two meetings of a shard with the centre.'),
  elasticity: z.number().gt(0).max(1).default(0.9).register(keyDocumentation, {
    says: 'How far a meeting goes, times the number of peers.',
    source: EASGD,
  }),
  codec: codec('int8'),
  timeout: exchangeTimeout(),
})

const parameterServer = z.strictObject({
  algorithm: z.literal('parameter-server').register(keyDocumentation, {
    says: 'A centre at one peer adds up what the steps of all change. Asynchronous without `bound`.',
    source: 'Li et al. 2014',
  }),
  every: every(1, 'Time between two pushes of the same shard.'),
  serverLearningRate: z.number().gt(0).max(1).default(1).register(keyDocumentation, {
    says: 'How much of a push the centre takes on; 1 is all.',
  }),
  bound: z.int().min(0).max(1_000_000_000).optional().register(keyDocumentation, {
    says: 'Stale-synchronous: most steps ahead of the slowest; several heartbeats.',
    unit: 'local steps',
    source: 'Ho et al. 2013',
  }),
  codec: codec('float32'),
  timeout: exchangeTimeout(),
})

const fragments = z.strictObject({
  algorithm: z.literal('fragments').register(keyDocumentation, {
    says: 'Slices of shards in int8, published to all by gossipsub; whoever hears one moves toward it.',
  }),
  every: every(5, 'Time between two fragments of the same shard.'),
  length: count(MAX_FRAGMENT_VALUES).default(32_768).register(keyDocumentation, {
    says: 'Most values of a fragment.',
    unit: 'values',
  }),
  weight: z.number().gt(0).max(1).default(0.25).register(keyDocumentation, {
    says: 'How far a fresh fragment draws whoever hears it; not tuned.',
    unit: 'share of the way',
  }),
  staleness: staleness(),
})

const none = z.strictObject({
  algorithm: z.literal('none').register(keyDocumentation, { says: 'Every peer trains alone.' }),
})

const allReduce = z.strictObject({
  algorithm: z.literal('all-reduce').register(keyDocumentation, {
    says: 'Synchronous: every step takes the mean of all gradients.',
    source: RING,
  }),
  every: every(200, 'Time between two averagings of parameters: they heal failed rounds.'),
  codec: codec('float32'),
  timeout: barrierTimeout(),
})

const localSgd = z.strictObject({
  algorithm: z.literal('local-sgd').register(keyDocumentation, {
    says: 'Synchronous: now and then all take on the mean of their parameters.',
    source: LOCAL_SGD,
  }),
  every: every(20, 'Time between two averagings.'),
  codec: codec('float32'),
  timeout: barrierTimeout(),
})

const diloco = z.strictObject({
  algorithm: z.literal('diloco').register(keyDocumentation, {
    says: 'Synchronous: local steps, then a step of momentum on what the mean moved.',
    source: DILOCO,
  }),
  every: every(50, 'Time between two outer steps.'),
  codec: codec('float32'),
  outerLearningRate: z.number().gt(0).max(10).default(0.7).register(keyDocumentation, {
    says: 'Size of an outer step.',
    source: DILOCO,
  }),
  outerMomentum: z.number().min(0).lt(1).default(0.9).register(keyDocumentation, {
    says: 'Decay of the outer velocity.',
    unit: 'per outer step',
    source: DILOCO,
  }),
  timeout: barrierTimeout(),
})

const noloco = z.strictObject({
  algorithm: z.literal('noloco').register(keyDocumentation, {
    says: 'Synchronous in random pairs: local steps, then a step of momentum towards the pair.',
    source: NOLOCO,
  }),
  every: every(50, 'Time between two outer steps.'),
  codec: codec('float32'),
  outerLearningRate: z.number().gt(0).lt(2).default(0.7).register(keyDocumentation, {
    says: 'Size of an outer step. Below 2 (1 - outerMomentum^2), else pairs drift apart.',
    source: NOLOCO,
  }),
  outerMomentum: z.number().min(0).lt(1).default(0.5).register(keyDocumentation, {
    says: 'Decay of the outer velocity.',
    unit: 'per outer step',
    source: NOLOCO,
  }),
  timeout: barrierTimeout(),
})

const moshpit = z.strictObject({
  algorithm: z.literal('moshpit').register(keyDocumentation, {
    says: 'Synchronous in small groups, other ones each time, which take on their mean.',
    source: MOSHPIT,
  }),
  every: every(20, 'Time between two averagings.'),
  codec: codec('float32'),
  groupSize: count(1_000_000).min(2).default(4).register(keyDocumentation, {
    says: 'Most peers of a group.',
    unit: 'peers',
  }),
  grid: z.boolean().default(false).register(keyDocumentation, {
    says: 'Groups along the axes of a grid in turn instead of random ones.',
    source: MOSHPIT,
  }),
  timeout: barrierTimeout(),
})

const dPsgd = z.strictObject({
  algorithm: z.literal('d-psgd').register(keyDocumentation, {
    says: 'Synchronous with the neighbours in a graph; `hypercube` wants a power of two.',
    source: D_PSGD,
  }),
  every: every(1, 'Time between two mixings.'),
  codec: codec('float32'),
  topology: z
    .enum(['ring', 'star', 'complete', 'static-exponential', 'one-peer-exponential', 'hypercube', 'matching'])
    .default('ring')
    .register(keyDocumentation, {
      says: 'Graph.',
      source: 'Ying et al. 2021, arXiv:2110.13363',
    }),
  timeout: barrierTimeout(),
})

const choco = z.strictObject({
  algorithm: z.literal('choco').register(keyDocumentation, {
    says: 'Synchronous with the neighbours in a graph: sends compressed differences from a copy that they keep.',
    source: CHOCO,
  }),
  every: every(1, 'Time between two mixings.'),
  codec: codec('int8'),
  topology: z.enum(['ring', 'star', 'complete']).default('ring').register(keyDocumentation, {
    says: 'Who mixes with whom.',
    source: CHOCO,
  }),
  compressor: z.enum(['top-k', 'random-k']).default('top-k').register(keyDocumentation, {
    says: 'Which values of a difference are sent.',
    source: 'Stich et al. 2018, arXiv:1809.07599',
  }),
  fraction: z.number().gt(0).max(1).default(0.01).register(keyDocumentation, {
    says: 'Share of the values that is sent.',
  }),
  gamma: z.number().gt(0).max(1).default(0.02).register(keyDocumentation, {
    says: 'Consensus step size, of the order of `fraction`: beyond, it diverges.',
    source: CHOCO,
  }),
  timeout: barrierTimeout(),
})

/** The algorithms of src/exchange/averaging, each with its settings. */
export const averaging = z.discriminatedUnion('algorithm', [
  pairwise,
  sparta,
  pushSum,
  fragments,
  easgd,
  parameterServer,
  none,
  allReduce,
  localSgd,
  diloco,
  noloco,
  moshpit,
  dPsgd,
  choco,
])

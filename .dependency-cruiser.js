/** The arrows of ARCHITECTURE.md: who may import whom. Checked by `npm run check:arrows`. */
const arrow = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to })

export default {
  forbidden: [
    arrow('no-cycles', {}, { circular: true }, 'A cycle means two files are one.'),
    arrow('core-is-the-ground', { path: '^src/core/' }, { path: '^src/(?!core/)' }, 'core imports nothing above it.'),
    arrow(
      'compute-stands-on-core',
      { path: '^src/compute/' },
      { path: '^src/(?!core/|compute/)' },
      'The left wing knows core alone.',
    ),
    arrow(
      'exchange-stands-on-core-and-the-port',
      { path: '^src/exchange/' },
      { path: '^src/(?!core/|exchange/|network/transport\\.ts$)' },
      'The right wing knows core and the transport port.',
    ),
    arrow('network-stands-on-core', { path: '^src/network/' }, { path: '^src/(?!core/|network/)' }, ''),
    arrow(
      'peer-composes',
      { path: '^src/peer/' },
      { path: '^src/(?!core/|compute/|exchange/|network/|peer/)' },
      'peer joins the wings and knows no user interface.',
    ),
    arrow(
      'experiment-runs-peers',
      { path: '^src/experiment/' },
      { path: '^src/(?!core/|compute/|exchange/|network/|peer/|experiment/)' },
      'experiment stands on peer and knows no user interface.',
    ),
    arrow(
      'nobody-below-imports-the-experiment',
      { path: '^src/(?!cli/|experiment/)' },
      { path: '^src/experiment/' },
      '',
    ),
    arrow(
      'dashboard-looks-on',
      { path: '^src/dashboard/' },
      {
        path: '^src/(?!core/|network/(status|transport)\\.ts$|peer/(records|specification|checkpoint/run-directory)|dashboard/)',
      },
      'The dashboard reads records and statuses; whoever joins a mesh or starts a peer hands them in.',
    ),
    arrow(
      'page-knows-the-api',
      { path: '^src/dashboard/page/' },
      { path: '^src/(?!dashboard/(api|page)/)' },
      'The page runs in a browser.',
    ),
    arrow(
      'api-is-types',
      { path: '^src/dashboard/api/' },
      { path: '^src/(?!core/telemetry\\.ts$|dashboard/api/)' },
      '',
    ),
    arrow('nobody-imports-the-cli', { path: '^src/(?!cli/)' }, { path: '^src/cli/' }, ''),
    arrow('nobody-imports-the-index', { path: '^src/' }, { path: '^src/index\\.ts$' }, 'No module imports its barrel.'),
    arrow(
      'libp2p-in-one-room',
      { path: '^src/(?!network/libp2p/)' },
      { path: 'node_modules/(libp2p|@libp2p|@multiformats|it-length-prefixed|it-pipe)/' },
      'Only network/libp2p imports libp2p.',
    ),
    arrow(
      'tfjs-in-two-rooms',
      { path: '^src/(?!compute/(engine|models)/)' },
      { path: 'node_modules/@tensorflow/' },
      'Only engine and models import tfjs.',
    ),
    arrow(
      'onnxruntime-in-one-room',
      { path: '^src/(?!compute/engine/)' },
      { path: 'node_modules/onnxruntime' },
      'Only the engine imports onnxruntime.',
    ),
    arrow(
      'the-page-runs-in-a-browser',
      { path: '^src/dashboard/page/' },
      {
        path: '^src/(?!dashboard/(page|api)/)|node_modules/(?!(d3-force|@types/d3-force|uplot)/)',
        dependencyTypesNot: ['core'],
      },
      'The page knows the shapes of the API and its two libraries.',
    ),
    arrow(
      'no-node-in-the-page',
      { path: '^src/dashboard/page/' },
      { dependencyTypes: ['core'] },
      'A browser has no node: modules.',
    ),
    arrow('nobody-imports-the-page', { path: '^src/(?!dashboard/page/)' }, { path: '^src/dashboard/page/' }, ''),
    arrow('no-test-in-src', { path: '^(src|bootstrap)/' }, { path: '^(test|experiments)/' }, ''),
    arrow('resolvable', {}, { couldNotResolve: true }, ''),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}

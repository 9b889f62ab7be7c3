import { globSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { MurmurError } from '../../core/errors.ts'
import type { CorpusDocument } from './corpus.ts'

/**
 * The dependencies whose documentation and declarations a run trains on when its specification names no text. The
 * list is fixed, so that a new dependency does not silently change what runs learn and are measured on.
 */
export const defaultCorpusPackages: readonly string[] = [
  '@libp2p/circuit-relay-v2',
  '@libp2p/crypto',
  '@libp2p/dcutr',
  '@libp2p/gossipsub',
  '@libp2p/identify',
  '@libp2p/interface',
  '@libp2p/mdns',
  '@libp2p/noise',
  '@libp2p/peer-id',
  '@libp2p/ping',
  '@libp2p/tcp',
  '@libp2p/utils',
  '@libp2p/yamux',
  '@multiformats/multiaddr',
  '@tensorflow/tfjs-core',
  'commander',
  'it-pipe',
  'libp2p',
  'log-update',
  'onnxruntime-node',
  'p-event',
  'pretty-bytes',
  'pretty-ms',
  'protobufjs',
  'yaml',
  'zod',
]

/** In bytes. */
const SMALLEST_DECLARATION = 1024

/**
 * The Markdown and declaration files of `defaultCorpusPackages`, as installed beside this package: the same documents
 * in the same order on every machine with the same lock file. Left out is what is all alike:
 * declarations of tests, and those under 1 KiB, of which a licence is the better half.
 * @throws MurmurError `CORPUS_MISSING` when a package is not installed
 */
export function defaultCorpusDocuments(packages: readonly string[] = defaultCorpusPackages): CorpusDocument[] {
  const require = createRequire(import.meta.url)
  return packages.flatMap(name => {
    const folder = packageFolder(name, require.resolve.paths(name) ?? [])
    return globSync('**/*.{md,d.ts}', { cwd: folder, exclude: path => /(^|[\\/])node_modules$/.test(path) })
      .filter(path => !/_test(_[a-z]+)?\.d\.ts$/.test(path))
      .map(path => ({ path: join(folder, path), name: `${name}/${path.replaceAll('\\', '/')}` }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(document => ({ ...document, bytes: statSync(document.path).size }))
      .filter(({ name, bytes }) => bytes >= (name.endsWith('.md') ? 1 : SMALLEST_DECLARATION))
  })
}

/** Looks where Node would, but not through the package's `exports`, which may hide its package.json. */
function packageFolder(name: string, searched: readonly string[]): string {
  const folder = searched
    .map(path => join(path, name))
    .find(path => statSync(join(path, 'package.json'), { throwIfNoEntry: false })?.isFile())
  if (folder) return folder
  throw new MurmurError({
    code: 'CORPUS_MISSING',
    message: `The default corpus needs the installed package ${name}, which is not there: expected it in ${searched[0]}; reinstall murmuration or name your own text in data.paths`,
    details: { package: name },
  })
}

import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Finding, Probe } from './finding.ts'

/** Which Node runs this, and whether it is the one that npm installed with the repository. */
export const probeNode: Probe = async () => {
  const here: Finding = {
    name: 'node',
    status: 'ok',
    found: `${process.version} ${process.platform}/${process.arch}, ${process.execPath}`,
    essential: true,
  }
  const pinned = pinnedNode()
  if (!pinned) {
    return [here, { name: 'npm node', status: 'missing', found: 'not in a clone: the Node that started this is used' }]
  }
  const same = realpathSync(process.execPath) === realpathSync(pinned.path)
  const found = `${pinned.version}${same ? ', runs this' : ''}`
  const remedy = same ? undefined : 'npm run murmur -- <command>'
  return [here, { name: 'npm node', status: 'ok', found, remedy }]
}

/** The Node that the repository's `node` dependency brought. */
function pinnedNode(): { version: string; path: string } | undefined {
  try {
    const require = createRequire(import.meta.url)
    const manifest = require.resolve('node/package.json')
    const { version } = require(manifest) as { version: string }
    const path = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return { version: `v${version}`, path: realpathSync(path) }
  } catch {
    return undefined
  }
}

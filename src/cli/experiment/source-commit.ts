import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** The commit of this program's own source, with `+` if files were changed since; undefined outside of a clone. */
export async function sourceCommit(): Promise<string | undefined> {
  const git = async (...args: string[]) => (await promisify(execFile)('git', ['-C', ROOT, ...args])).stdout.trim()
  try {
    const top = await git('rev-parse', '--show-toplevel')
    if (`${top}/` !== ROOT) return undefined // installed into somebody else's
    const commit = await git('rev-parse', '--short=12', 'HEAD')
    return (await git('status', '--porcelain', '--untracked-files=no', '--', 'src')) === '' ? commit : `${commit}+`
  } catch {
    return undefined
  }
}

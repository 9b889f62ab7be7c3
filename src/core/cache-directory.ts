import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/**
 * The folder for what can be made again: `$XDG_CACHE_HOME/murmuration`, by default `~/.cache/murmuration` (XDG Base
 * Directory Specification); on Windows `%LOCALAPPDATA%\murmuration`.
 */
export function cacheDirectory(env: Readonly<Record<string, string | undefined>>): string {
  // The specification says that a relative path is to be ignored.
  const [chosen] = [env.XDG_CACHE_HOME, env.LOCALAPPDATA].filter(path => path && isAbsolute(path))
  return join(chosen ?? join(homedir(), '.cache'), 'murmuration')
}

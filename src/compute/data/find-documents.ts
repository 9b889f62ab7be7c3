import { globSync, type Stats, statSync } from 'node:fs'
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { MurmurError } from '../../core/errors.ts'
import type { CorpusDocument } from './corpus.ts'

/**
 * The documents that files, folders and globs name, in the order of `paths` and within each sorted by name, so that
 * two machines that keep the same files in different places see the same corpus. A folder stands for every file
 * below it but hidden ones and those in `node_modules`. Empty files are left out; a file named twice counts once.
 * @param directory what relative paths are relative to
 * @throws MurmurError `CORPUS_MISSING` for a path that names no file with text in it
 */
export function findDocuments(paths: readonly string[], directory: string): CorpusDocument[] {
  const seen = new Set<string>()
  return paths.flatMap(path => {
    const documents = documentsAt(path, directory)
    if (documents.length === 0) throw missing(path, directory)
    return documents.filter(document => !seen.has(document.path) && seen.add(document.path))
  })
}

function documentsAt(path: string, directory: string): CorpusDocument[] {
  const absolute = resolve(directory, path)
  const stats = statSync(absolute, { throwIfNoEntry: false })
  if (stats?.isFile()) return stats.size > 0 ? [{ path: absolute, name: basename(absolute), bytes: stats.size }] : []
  if (stats?.isDirectory()) return matching('**/*', absolute)
  const base = fixedPart(path)
  return matching(path.slice(base.length), resolve(directory, base))
}

function matching(pattern: string, base: string): CorpusDocument[] {
  const found = globSync(pattern, { cwd: base, exclude: path => basename(path) === 'node_modules' })
  return found
    .map(match => join(base, match))
    .flatMap(path => describe(path, relative(base, path).split(sep).join('/')))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function describe(path: string, name: string): CorpusDocument[] {
  const stats: Stats | undefined = statSync(path, { throwIfNoEntry: false })
  return stats?.isFile() && stats.size > 0 ? [{ path, name, bytes: stats.size }] : []
}

/** The folders of a glob before its first special character: documents are named from there. */
function fixedPart(pattern: string): string {
  const special = pattern.search(/[*?[\]{}()!+@]/)
  const fixed = special < 0 ? pattern : pattern.slice(0, special)
  return fixed.slice(0, Math.max(fixed.lastIndexOf('/'), fixed.lastIndexOf(sep)) + 1)
}

function missing(path: string, directory: string): MurmurError {
  const where = isAbsolute(path) ? '' : ` in ${directory}`
  return new MurmurError({
    code: 'CORPUS_MISSING',
    message: `No text at data path ${JSON.stringify(path)}${where}: expected a file, a folder or a glob with at least one non-empty file`,
    details: { path, directory },
  })
}

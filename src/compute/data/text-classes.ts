import type { CorpusDocument } from './corpus.ts'

/**
 * The class of every document: the folder right below what was named, which in the default corpus is the npm package;
 * documents in no such folder are one class. Where that makes a single class, every document is one.
 *
 * Only names decide, so peers whose data has the same fingerprint agree, wherever they keep it.
 */
export function textClasses(documents: readonly Pick<CorpusDocument, 'name'>[]): string[] {
  const folders = documents.map(({ name }) => folderOf(name))
  return new Set(folders).size > 1 ? folders : documents.map((_, index) => String(index))
}

/** A scope of npm is half a name. */
function folderOf(name: string): string {
  return /^(@[^/]+\/)?[^/]+(?=\/)/.exec(name)?.[0] ?? ''
}

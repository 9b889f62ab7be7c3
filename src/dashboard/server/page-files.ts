import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, extname, join } from 'node:path'
import type { Answer } from './answer.ts'

/** What the browser loads, by path. Nothing that is not in its list can be asked for. */
export interface PageFiles {
  /** Undefined for a path that is not served. */
  answer(path: string): Promise<Answer | undefined>
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.ts': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

const MODULE_TYPES = new Set(['.js', '.mjs', '.css'])
const MAX_FILES = 2000

/** Asked again each time, and answered with 304 while it has not changed. */
const REVALIDATE = 'no-cache'

/**
 * The page's folder, at `/`, and below `/modules/<package>/` the scripts and styles of those npm packages that its
 * index.html names. TypeScript goes out with its types stripped.
 * @param folder absolute; without an index.html nothing is served
 */
export async function pageFiles(folder: string): Promise<PageFiles> {
  const files = new Map<string, string>()
  for (const path of await filesBelow(folder, TYPES)) files.set(`/${path}`, join(folder, path))
  const index = files.get('/index.html')
  if (index) {
    files.set('/', index)
    const html = await readFile(index, 'utf8')
    for (const name of new Set(
      Array.from(html.matchAll(/\/modules\/((?:@[\w.-]+\/)?[\w.-]+)\//g), match => match[1]!),
    )) {
      const root = await packageFolder(name, folder)
      if (root === undefined) continue
      for (const path of await filesBelow(root, MODULE_TYPES)) files.set(`/modules/${name}/${path}`, join(root, path))
    }
  }
  const prepared = new Map<string, { changed: number; answer: Answer }>()
  return {
    async answer(path) {
      const file = files.get(path)
      if (file === undefined) return undefined
      const changed = (await stat(file)).mtimeMs
      const known = prepared.get(path)
      if (known?.changed === changed) return known.answer
      const answer = await prepare(file, files)
      prepared.set(path, { changed, answer })
      return answer
    },
  }
}

async function prepare(file: string, files: ReadonlyMap<string, string>): Promise<Answer> {
  const extension = extname(file)
  const type = TYPES[extension]!
  const content = await readFile(file)
  if (extension === '.ts') {
    return { type, cache: REVALIDATE, body: withoutTypes(content.toString()) }
  }
  if (extension !== '.html') return { type, cache: REVALIDATE, body: content }
  const html = withEntry(content.toString(), files)
  return { type, cache: REVALIDATE, body: html, headers: { 'content-security-policy': contentSecurityPolicy(html) } }
}

/** Node says once that this is experimental, to whoever looks at a terminal: it is what Node runs these sources with. */
function withoutTypes(source: string): string {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(source, { mode: 'strip' })
  } finally {
    process.emitWarning = emitWarning
  }
}

/** What was built has no .ts. */
function withEntry(html: string, files: ReadonlyMap<string, string>): string {
  return html.replaceAll(/(<script[^>]*\bsrc="\/?)([\w./-]+)\.ts"/g, (whole, head: string, name: string) =>
    files.has(`/${name}.ts`) ? whole : `${head}${name}.js"`,
  )
}

/** Everything from here, nothing inline but the import map, which is named by its hash. */
function contentSecurityPolicy(html: string): string {
  const maps = Array.from(html.matchAll(/<script type="importmap">([\s\S]*?)<\/script>/g), match => match[1]!)
  const hashes = maps.map(map => `'sha256-${createHash('sha256').update(map).digest('base64')}'`)
  return [
    "default-src 'none'",
    `script-src ${["'self'", ...hashes].join(' ')}`,
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Paths, with slashes, of the files below a folder whose extension is wanted. Links are not followed. */
async function filesBelow(
  folder: string,
  wanted: Readonly<Record<string, string>> | ReadonlySet<string>,
): Promise<string[]> {
  const has = (extension: string) => (wanted instanceof Set ? wanted.has(extension) : Object.hasOwn(wanted, extension))
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries
    .filter(entry => entry.isFile() && has(extname(entry.name)) && !entry.name.endsWith('.d.ts'))
    .map(entry =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .filter(path => !path.includes('node_modules/'))
    .slice(0, MAX_FILES)
}

/** Where npm put a package: in a node_modules beside the folder or above. */
async function packageFolder(name: string, from: string): Promise<string | undefined> {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name)
    const found = await stat(candidate).then(
      status => status.isDirectory(),
      () => false,
    )
    if (found) return candidate
    if (dirname(folder) === folder) return undefined
  }
}

import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'

/** Compiles `loops.ts`. Needs no import-time code and no memory of its own: it works on the one it is given. */
export async function compileLoops(): Promise<Uint8Array> {
  let compiled: Uint8Array | undefined
  const base = fileURLToPath(new URL('.', import.meta.url))
  const { error, stderr } = await main(
    [
      ...['loops.ts', '--baseDir', base, '--outFile', 'loops.wasm'],
      ...['-O3', '--converge', '--noAssert', '--runtime', 'stub'],
      ...['--importMemory', '--noExportMemory', '--sharedMemory', '--maximumMemory', '65535'],
      ...['--enable', 'simd', '--enable', 'threads', '--enable', 'bulk-memory'],
    ],
    {
      readFile: name => readFile(`${base}${name}`, 'utf8').catch(() => null),
      writeFile(_, contents) {
        if (typeof contents !== 'string') compiled = contents
      },
    },
  )
  if (error || !compiled) throw new Error(`loops.ts does not compile: ${stderr}`, { cause: error })
  return compiled
}

/** The module as a source file: found alike by `node src/...` and in the built package, without reading a file. */
export function moduleSource(compiled: Uint8Array): string {
  return `/** Generated from assembly/loops.ts by \`npm run simd\`: the WebAssembly module in base64. */
export const loopsModule =
  '${Buffer.from(compiled).toString('base64')}'
`
}

export const moduleUrl = new URL('../src/core/simd/module.ts', import.meta.url)

if (import.meta.main) await writeFile(moduleUrl, moduleSource(await compileLoops()))

import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import {
  identifyTokenizerFile,
  invalidTokenizer,
  parseTokenizer,
  readTokenizerFile,
  type TokenizerConfig,
  type TokenizerFile,
} from '../compute/data/open-tokenizer.ts'
import { isErrorCode, type MurmurError } from '../core/errors.ts'
import { replaceFile } from '../core/replace-file.ts'
import { storageError } from '../core/storage.ts'
import type { RunPaths } from './checkpoint/run-directory.ts'
import type { RunSpecification } from './specification/schema.ts'

/**
 * The specification with the hash of its tokenizer's file filled in: it is part of what names the run.
 * @param directory what a relative path is relative to
 * @throws MurmurError `TOKENIZER_INVALID`
 */
export async function identifyTokenizer(specification: RunSpecification, directory: string): Promise<RunSpecification> {
  const { data } = specification
  if (data.kind !== 'text' || data.tokenizer.kind !== 'file' || data.tokenizer.sha256 !== '') return specification
  const sha256 = await identifyTokenizerFile(data.tokenizer.file, directory)
  return { ...specification, data: { ...data, tokenizer: { ...data.tokenizer, sha256 } } }
}

export interface KeepTokenizerInit {
  /** What a relative path in the specification is relative to. */
  directory: string
  /** Gets the file from another peer, where there is one to ask. */
  fetch?(): Promise<Uint8Array>
  /** Told when the file that the specification names is another one here. */
  onOther?(problem: MurmurError): void
}

/** The run's tokenizer.json in its directory. */
export interface KeptTokenizer {
  config: TokenizerFile
  content: Uint8Array
}

/**
 * Sees to it that the run directory holds the tokenizer's file: the copy that is there, the file that the specification
 * names, or what another peer hands over, whichever first has the right hash. The specification may be a stranger's, who
 * may name any file of this machine: what has another hash, or is no tokenizer, is neither copied nor returned.
 * @returns undefined for a run whose tokenizer needs no file
 * @throws MurmurError `TOKENIZER_INVALID`, `STORAGE_FAILED`; whatever `fetch` throws
 */
export async function keepTokenizer(
  paths: RunPaths,
  { data }: RunSpecification,
  init: KeepTokenizerInit,
): Promise<KeptTokenizer | undefined> {
  if (data.kind !== 'text' || data.tokenizer.kind !== 'file') return undefined
  const config = { ...data.tokenizer, file: paths.tokenizer }
  const kept = await readTokenizerFile(config, '/').catch(ignoreInvalid)
  const content = kept ?? (await findTokenizer(data.tokenizer, init))
  await parseTokenizer(content, kept ? paths.tokenizer : data.tokenizer.file)
  if (!kept) await write(paths.tokenizer, content)
  return { config, content }
}

async function findTokenizer(named: TokenizerFile, init: KeepTokenizerInit): Promise<Uint8Array> {
  try {
    return await readTokenizerFile(named, init.directory)
  } catch (error) {
    if (!isErrorCode(error, 'TOKENIZER_INVALID') || !init.fetch) throw error
    if (error.details.found !== undefined) init.onOther?.(error)
  }
  const content = await init.fetch()
  const found = createHash('sha256').update(content).digest('hex')
  if (found === named.sha256) return content
  throw invalidTokenizer(named.file, `a peer sent it with SHA-256 ${found}, expected ${named.sha256}`)
}

/** The same tokenizer with its file where a run directory keeps it, if it does. */
export async function keptTokenizer(paths: RunPaths, config: TokenizerConfig): Promise<TokenizerConfig> {
  if (config.kind !== 'file') return config
  const kept = { ...config, file: paths.tokenizer }
  return (await readTokenizerFile(kept, '/').catch(ignoreInvalid)) ? kept : config
}

async function write(path: string, content: Uint8Array): Promise<void> {
  try {
    await replaceFile(path, temporary => writeFile(temporary, content, { flush: true }))
  } catch (error) {
    throw storageError('write the tokenizer', path, error)
  }
}

function ignoreInvalid(error: unknown): undefined {
  if (!isErrorCode(error, 'TOKENIZER_INVALID')) throw error
}

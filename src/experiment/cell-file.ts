import { readFile, writeFile } from 'node:fs/promises'
import { MurmurError } from '../core/errors.ts'
import { replaceFile } from '../core/replace-file.ts'
import { storageError } from '../core/storage.ts'
import { type CellRecord, cellRecordSchema } from './cell-record.ts'

/**
 * Writes a cell's record as JSON. Readers see all of it or what was there before.
 * @throws MurmurError `STORAGE_FAILED`
 */
export async function writeCellRecord(path: string, record: CellRecord): Promise<void> {
  try {
    await replaceFile(path, temporary => writeFile(temporary, `${JSON.stringify(record)}\n`, { flush: true }))
  } catch (error) {
    throw storageError('write the record', path, error)
  }
}

/** @throws MurmurError `RECORD_INVALID` if it is damaged, naming the file and the place; `STORAGE_FAILED` */
export async function readCellRecord(path: string): Promise<CellRecord> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw storageError('read the record', path, error)
  })
  const result = cellRecordSchema.safeParse(parseJson(path, text))
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw damaged(path, `${issue?.path.join('.') || 'the whole'}: ${issue?.message}`)
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw damaged(path, `not JSON: ${(cause as Error).message}`, cause)
  }
}

function damaged(path: string, what: string, cause?: unknown): MurmurError {
  return new MurmurError({
    code: 'RECORD_INVALID',
    message: `Could not use the record ${path}: ${what}; delete it to run its cell again`,
    details: { path },
    cause,
  })
}

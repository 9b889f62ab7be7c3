import { createHash } from 'node:crypto'
import { MurmurError } from '../../core/errors.ts'
import { checkSpecification } from './problems.ts'
import { MAXIMUM_BYTES, type RunSpecification } from './schema.ts'

/**
 * The one text of a specification: JSON without white space, keys sorted at every level, all defaults filled in. Two
 * files that mean the same run have the same.
 */
export function canonicalSpecification(specification: RunSpecification): string {
  return JSON.stringify(sorted(specification))
}

/**
 * The name of a run: the first 128 bits of the SHA-256 of its canonical specification, in 32 hexadecimal digits. They
 * are many enough that nobody can make another specification with the same name. A version of murmur with a new key
 * names every run anew, even where the file has not changed: old runs are resumed by the version that began them.
 */
export function runId(specification: RunSpecification): string {
  return createHash('sha256').update(canonicalSpecification(specification)).digest('hex').slice(0, 32)
}

/**
 * Reads a canonical specification that another peer sent. Whoever knows the run's id must still compare it with
 * `runId` of the result.
 * @throws MurmurError `MESSAGE_INVALID` when it is too long, not canonical or not valid here
 */
export function parseCanonical(text: string): RunSpecification {
  if (Buffer.byteLength(text) > MAXIMUM_BYTES) throw invalid(`it is longer than ${MAXIMUM_BYTES} bytes`)
  const result = checkSpecification(parseJson(text))
  if ('problems' in result)
    throw invalid(`${result.problems[0]!.message}; another version of murmur may have written it`)
  // Defaults filled in here would name another run than the sender's.
  if (canonicalSpecification(result.specification) !== text) {
    throw invalid('it is not in canonical form; another version of murmur may have written it')
  }
  // Whoever starts a run fills these in. Without them any file of this machine would do.
  const { model, data } = result.specification
  if (model.kind === 'module' && model.sha256 === '') throw invalid('it does not tell the SHA-256 of its model')
  if (data.kind === 'text' && data.tokenizer.kind === 'file' && data.tokenizer.sha256 === '') {
    throw invalid('it does not tell the SHA-256 of its tokenizer')
  }
  return result.specification
}

/**
 * The same run with its data where this peer keeps it: for text any paths, for images those of the images and of the
 * labels. For opening the data only: the run's id is that of the specification as it was written.
 * @throws MurmurError `USAGE` when images do not get two paths
 */
export function withDataPaths(specification: RunSpecification, paths: readonly string[]): RunSpecification {
  const { data } = specification
  if (data.kind === 'text') return { ...specification, data: { ...data, paths: [...paths] } }
  const [images, labels] = paths
  if (images && labels && paths.length === 2) return { ...specification, data: { ...data, images, labels } }
  throw new MurmurError({
    code: 'USAGE',
    message: `Expected two data paths, the images and their labels, got ${paths.length}`,
    details: { paths },
  })
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalid('it is not JSON')
  }
}

function invalid(problem: string): MurmurError {
  return new MurmurError({
    code: 'MESSAGE_INVALID',
    message: `The run specification that was received cannot be used: ${problem}`,
    details: { problem },
  })
}

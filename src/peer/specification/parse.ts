import { checkSpecification } from './problems.ts'
import { MAXIMUM_BYTES, type RunSpecification } from './schema.ts'
import { yamlSource } from './yaml-source.ts'

export interface ParseSpecificationInit {
  /** Where the text comes from, for messages. @default 'run.yaml' */
  path?: string
}

/**
 * Reads a run specification: YAML, every key optional, all defaults filled in. An empty text is the default run.
 * @throws MurmurError `SPECIFICATION_INVALID`: one line with file, line, column, key, value and what was expected
 */
export function parseSpecification(text: string, init: ParseSpecificationInit = {}): RunSpecification {
  const source = yamlSource(text, init.path ?? 'run.yaml', MAXIMUM_BYTES)
  const result = checkSpecification(source.value())
  if ('specification' in result) return result.specification
  throw source.problem(result.problems)
}

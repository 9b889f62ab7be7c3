import { resolve } from 'node:path'
import { locateModule, verifyModule } from '../../compute/models/load-module.ts'
import type { RunSpecification } from './schema.ts'

/**
 * The same run with the SHA-256 of its model's file, and where that file is. Nothing of it is run.
 * @param path the file, if not where the specification says
 * @param folder what the specification's path is relative to, and does not lead out of
 * @throws MurmurError `MODEL_MISSING`, `MODEL_MISMATCH`
 */
export function withModelFile(
  specification: RunSpecification,
  path: string | undefined,
  folder: string,
): { specification: RunSpecification; model?: string } {
  const { model } = specification
  if (model.kind !== 'module') return { specification }
  const file = path === undefined ? locateModule(model.module, folder) : resolve(path)
  const sha256 = verifyModule({ path: file, sha256: model.sha256 })
  return { specification: { ...specification, model: { ...model, sha256 } }, model: file }
}

/**
 * A model is never fetched from another peer: whoever joins needs the same file.
 * @throws MurmurError `MODEL_MISSING`, `MODEL_MISMATCH`
 */
export function requireModelFile(specification: RunSpecification, path: string | undefined): void {
  withModelFile(specification, path, process.cwd())
}

import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { MurmurError } from '../../core/errors.ts'
import { type Experiment, readExperiment } from '../../experiment/specification/experiment.ts'

const FOLDER = fileURLToPath(new URL('../../../experiments/', import.meta.url))

/** Names of the experiments that come with murmur. */
export async function shippedExperiments(): Promise<string[]> {
  const files = await readdir(FOLDER)
  return files.flatMap(file => (file.endsWith('.yaml') ? file.slice(0, -'.yaml'.length) : [])).toSorted()
}

/**
 * Reads one that comes with murmur, by its name, or any other, by its file's.
 * @throws MurmurError `USAGE` if there is none, `SPECIFICATION_INVALID`
 */
export async function loadExperiment(nameOrPath: string): Promise<Experiment> {
  const names = await shippedExperiments()
  const path = names.includes(nameOrPath) ? `${FOLDER}${nameOrPath}.yaml` : nameOrPath
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new MurmurError({
      code: 'USAGE',
      message:
        cause.code === 'ENOENT'
          ? `There is no file ${nameOrPath}, and no experiment of that name: ${names.join(', ')} are there`
          : `Cannot read ${nameOrPath}: ${cause.message}`,
      details: { path: nameOrPath },
      cause,
    })
  })
  return await readExperiment(text, path === nameOrPath ? path : `${nameOrPath}.yaml`)
}

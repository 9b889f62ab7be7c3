import { createHash } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import type * as z from 'zod'
import { MurmurError } from '../../core/errors.ts'
import type { computeTimeSchema } from '../../network/simulation/compute-time.ts'
import type { linksSchema } from '../../network/simulation/links.ts'
import { checkSpecification, type Problem } from '../../peer/specification/problems.ts'
import type { RunSpecification } from '../../peer/specification/schema.ts'
import { yamlSource } from '../../peer/specification/yaml-source.ts'
import { type Recording, readRecording, recordingOf } from '../trace/recording.ts'
import { merged } from './merge.ts'
import { type Changes, type ExperimentDefinition, experimentSchema, MAXIMUM_BYTES, settingsSchema } from './schema.ts'

/** What a cell runs under, all defaults filled in, recorded runs read. */
export interface Settings extends Omit<z.output<typeof settingsSchema>, 'run' | 'compute' | 'links'> {
  run: RunSpecification
  compute: z.output<typeof computeTimeSchema>
  links: z.output<typeof linksSchema>
}

/** The recorded run of a path as it stands in the experiment. @throws MurmurError if it cannot be used */
type FindRecording = (path: string) => Recording

/** An arm under one set of conditions; what its cells have in common. */
export interface Treatment {
  arm: string
  conditions: Readonly<Record<string, string>>
  /** One for each candidate of the arm; one in all where there is nothing to tune. */
  candidates: readonly Settings[]
}

export interface Experiment extends Omit<ExperimentDefinition, 'seeds' | 'arms' | 'conditions'> {
  seeds: readonly number[]
  arms: readonly string[]
  treatments: readonly Treatment[]
  /** As it was written. */
  text: string
}

/**
 * Reads an experiment with the recorded runs that it names, whose paths are relative to the experiment's file.
 * @throws MurmurError as `parseExperiment` and `readRecording`
 */
export async function readExperiment(text: string, path: string): Promise<Experiment> {
  const named = new Map<string, Recording | undefined>()
  const placeholder = recordingOf([{ peer: '', began: 0, steps: [1], exchanges: [] }])
  const experiment = parseExperiment(text, path, trace => {
    named.set(trace, undefined)
    return placeholder
  })
  if (named.size === 0) return experiment
  for (const trace of named.keys()) named.set(trace, await readRecording(resolve(dirname(path), trace)))
  return parseExperiment(text, path, trace => named.get(trace)!)
}

/**
 * Reads an experiment: YAML. Every cell's settings are put together and checked before the first one runs.
 * @param path where the text comes from, for messages
 * @throws MurmurError `SPECIFICATION_INVALID`: one line with file, line, column, key, value and what was expected
 */
export function parseExperiment(text: string, path: string, recordings: FindRecording = noRecording): Experiment {
  const source = yamlSource(text, path, MAXIMUM_BYTES)
  const value = source.value()
  const parsed = experimentSchema.safeParse(value)
  if (!parsed.success) throw source.problem(parsed.error.issues.map(issue => problemOf(issue, [], value)))
  const definition = parsed.data
  const problem = contradiction(definition)
  if (problem) throw source.problem([problem])
  const { seeds, arms } = definition
  return {
    ...definition,
    seeds: typeof seeds === 'number' ? Array.from({ length: seeds }, (_, i) => i + 1) : seeds,
    arms: arms.map(arm => arm.name),
    treatments: arms.flatMap((arm, index) =>
      combinations(definition.conditions).map(({ labels, changes }) => ({
        arm: arm.name,
        conditions: labels,
        candidates: (arm.candidates ?? [{}]).map((candidate, i) => {
          const place = arm.candidates ? ['arms', index, 'candidates', i] : ['arms', index]
          const { name: _, candidates: __, ...own } = arm
          const whole = [topLevel(definition), ...changes, own, candidate].reduce<unknown>(merged, {})
          const checked = checkSettings(whole, place, recordings)
          if ('problems' in checked) throw source.problem(checked.problems)
          return checked.settings
        }),
      })),
    ),
    text,
  }
}

/** The experiment with the cells of one arm alone. @throws MurmurError `USAGE` if it has no such arm */
export function onlyArm(experiment: Experiment, arm: string): Experiment {
  const { name, arms, treatments } = experiment
  if (arms.includes(arm)) return { ...experiment, treatments: treatments.filter(treatment => treatment.arm === arm) }
  const message = `Expected one of the arms of ${name}, ${arms.join(', ')}, got ${arm}`
  throw new MurmurError({ code: 'USAGE', message, details: { arm } })
}

/** Identifies what a cell computes: another setting, another name. 16 hexadecimal digits. */
export function digestOf(settings: object): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 16)
}

function topLevel({ peers, run, compute, links, churn, mixing }: ExperimentDefinition): Changes {
  return { peers, run, compute, links, churn, mixing }
}

type Checked = { settings: Settings } | { problems: Problem[] }

function checkSettings(whole: unknown, place: readonly PropertyKey[], recordings: FindRecording): Checked {
  const given = Object.fromEntries(Object.entries(whole as object).filter(([, value]) => value !== undefined))
  const parsed = settingsSchema.safeParse(given)
  if (!parsed.success) return { problems: parsed.error.issues.map(issue => problemOf(issue, place, given)) }
  const { run: writtenRun, compute, links, ...settings } = parsed.data
  const run = checkSpecification(writtenRun)
  if ('specification' in run) {
    const replayed = {
      compute: compute.kind === 'trace' ? recordings(compute.path).compute : compute,
      links: links.kind === 'trace' ? recordings(links.path).links : links,
    }
    return { settings: { ...settings, ...replayed, run: run.specification } }
  }
  return { problems: run.problems.map(problem => ({ ...problem, path: [...place, 'run', ...problem.path] })) }
}

function noRecording(path: string): never {
  throw new MurmurError({ code: 'RECORD_INVALID', message: `The recorded run ${path} has not been read` })
}

/** Every combination of one label of each dimension. */
function combinations(
  conditions: ExperimentDefinition['conditions'],
): { labels: Record<string, string>; changes: Changes[] }[] {
  return Object.entries(conditions).reduce<{ labels: Record<string, string>; changes: Changes[] }[]>(
    (all, [dimension, labels]) =>
      all.flatMap(one =>
        Object.entries(labels).map(([label, change]) => ({
          labels: { ...one.labels, [dimension]: label },
          changes: [...one.changes, change],
        })),
      ),
    [{ labels: {}, changes: [] }],
  )
}

function contradiction({ arms, baseline, tuning }: ExperimentDefinition): Problem | undefined {
  const names = arms.map(arm => arm.name)
  const twice = names.findIndex((name, i) => names.indexOf(name) < i)
  if (twice >= 0) return wrong(['arms', twice, 'name'], names[twice], 'a name that no other arm has')
  if (!names.includes(baseline)) return wrong(['baseline'], baseline, `one of the arms, ${names.join(', ')}`)
  const counts = arms.map(arm => arm.candidates?.length ?? 0)
  const odd = counts.findIndex(count => count !== counts[0])
  if (odd >= 0) {
    return wrong(
      ['arms', odd, 'candidates'],
      counts[odd],
      `${counts[0]} of them, as the first arm has: the same for all`,
    )
  }
  if (counts[0]! > 1 && !tuning)
    return wrong(['tuning'], undefined, 'there, because the arms have candidates to choose from')
  return undefined
}

function wrong(path: readonly PropertyKey[], value: string | number | undefined, expected: string): Problem {
  const where = path
    .map(part => (typeof part === 'number' ? `[${part}]` : String(part)))
    .join('.')
    .replaceAll('.[', '[')
  return {
    path,
    atKey: false,
    value,
    expected,
    message: `Expected \`${where}\` to be ${expected}, got ${value ?? 'nothing'}`,
  }
}

/** What zod found, at its place in the file. */
function problemOf(issue: z.core.$ZodIssue, place: readonly PropertyKey[], whole: unknown): Problem {
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const inner = unknown === undefined ? issue.path : [...issue.path, unknown]
  const value = inner.reduce<unknown>((here, part) => (here as Record<PropertyKey, unknown> | undefined)?.[part], whole)
  const shown = typeof value === 'object' && value !== null ? (Array.isArray(value) ? 'a list' : 'a mapping') : value
  const expected = issue.message.replace(/^Invalid input: /, '')
  const where = [...place, ...inner].map(part => (typeof part === 'number' ? `[${part}]` : String(part))).join('.')
  return {
    path: [...place, ...inner],
    atKey: unknown !== undefined,
    value: shown as Problem['value'],
    expected,
    message: `Wrong \`${where.replaceAll('.[', '[')}\`: ${expected}, got ${JSON.stringify(shown) ?? 'nothing'}`,
  }
}

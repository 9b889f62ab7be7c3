import { closest, distance } from 'fastest-levenshtein'
import type * as z from 'zod'
import { chosenVariant, type Key, keyAt, keyTree } from './key-tree.ts'
import { type RunSpecification, specificationSchema, withoutShorthands } from './schema.ts'

/** What is wrong with a specification, first the place and then the sentence. */
export interface Problem {
  path: readonly PropertyKey[]
  /** True when the key itself is wrong, false when its value is. */
  atKey: boolean
  message: string
  /** A list or a mapping is only said to be one. */
  value: string | number | boolean | null | undefined
  expected: string
  suggestion?: string
}

/** Fills in defaults and checks everything: the specification, or all that is wrong with it. */
export function checkSpecification(given: unknown): { specification: RunSpecification } | { problems: Problem[] } {
  const value = withoutShorthands(given)
  const result = specificationSchema.safeParse(value)
  if (result.success) return { specification: result.data }
  const root = keyTree()
  const problems = result.error.issues.flatMap(issue => problemsOf(issue, root, value))
  const paths = problems.map(problem => JSON.stringify(problem.path))
  return { problems: problems.filter((_, i) => paths.indexOf(paths[i]!) === i) }
}

function problemsOf(issue: z.core.$ZodIssue, root: Key, value: unknown): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(name => unknownKey([...issue.path, name], root, value))
  }
  if (issue.code === 'custom') return [wrongValue(issue.path, issue.params?.value, issue.message)]
  return [wrongValue(issue.path, valueAt(value, issue.path), expectedAt(issue, root, value))]
}

function expectedAt(issue: z.core.$ZodIssue, root: Key, value: unknown): string {
  if (issue.code === 'invalid_union') return oneOfTheVariants(issue.path, root, value)
  const key = keyAt(root, issue.path, value)
  return typeof issue.path.at(-1) === 'number' ? (key.expectedItem ?? key.expected) : key.expected
}

function wrongValue(path: readonly PropertyKey[], value: unknown, expected: string): Problem {
  const where = path.length > 0 ? `\`${pathText(path)}\`` : 'the specification'
  const given = value === undefined ? 'nothing' : shown(value)
  return {
    path,
    atKey: false,
    value: scalar(value),
    expected,
    message: `Expected ${where} to be ${expected}, got ${given}`,
  }
}

function oneOfTheVariants(path: readonly PropertyKey[], root: Key, value: unknown): string {
  const choosers = keyAt(root, path.slice(0, -1), value).variants.map(variant => variant.discriminator?.value)
  return `one of ${choosers.join(', ')}`
}

function unknownKey(path: readonly PropertyKey[], root: Key, whole: unknown): Problem {
  const parents = path.slice(0, -1)
  const parent = keyAt(root, parents, whole)
  const variant = chosenVariant(parent, valueAt(whole, parents))
  const siblings = variant?.keys.map(key => key.name) ?? []
  const owner = parent.variants.find(other => other.keys.some(key => key.name === path.at(-1)))?.discriminator
  const suggestion = owner ? undefined : suggest(String(path.at(-1)), parents, siblings, root)
  const expected = `one of ${siblings.join(', ')}`
  const value = valueAt(whole, path)
  const message = [
    `Unknown key \`${pathText(path)}\`, with the value ${shown(value)}: `,
    owner ? `only ${owner.key} ${owner.value} has it, not ${variant?.discriminator?.value}. ` : '',
    suggestion ? `did you mean \`${suggestion}\`? ` : '',
    `Expected ${expected}`,
  ].join('')
  return { path, atKey: true, value: scalar(value), expected, suggestion, message }
}

/** The nearest key beside the wrong one, or else a key of exactly this name elsewhere. */
function suggest(
  name: string,
  parents: readonly PropertyKey[],
  siblings: readonly string[],
  root: Key,
): string | undefined {
  const near =
    siblings.length > 0
      ? closest(
          name.toLowerCase(),
          siblings.map(sibling => sibling.toLowerCase()),
        )
      : ''
  const sibling = siblings.find(candidate => candidate.toLowerCase() === near)
  if (sibling && distance(name.toLowerCase(), near) <= Math.ceil(name.length * 0.4)) {
    return pathText([...parents, sibling])
  }
  return everyPath(root)
    .find(path => path.at(-1)?.toLowerCase() === name.toLowerCase())
    ?.join('.')
}

function everyPath(key: Key): string[][] {
  const below = key.variants.flatMap(variant => variant.keys)
  return below.flatMap(child => [[child.name], ...everyPath(child).map(path => [child.name, ...path])])
}

/** `averaging.every`, `data.paths[1]`; a strange key is quoted and cut, so that a message stays one line. */
function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    const name = String(part)
    const plain = /^[\w-]{1,60}$/.test(name) ? name : shown(name)
    return text ? `${text}.${plain}` : plain
  }, '')
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((here, part) => (here as Record<PropertyKey, unknown> | undefined)?.[part], value)
}

/** One line, and not much of it. NaN and infinity have names in YAML but none in JSON. */
function shown(value: unknown): string {
  const plain = scalar(value)
  const text = typeof plain === 'string' && plain === value ? JSON.stringify(plain) : String(plain)
  const visible = text.replaceAll(/\p{Cc}/gu, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return visible.length > 60 ? `${visible.slice(0, 60)}...` : visible
}

/** What a peer sent may be nested so deeply that it cannot be written down; no key of ours is. */
function scalar(value: unknown): Problem['value'] {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a mapping'
  return value as Problem['value']
}

import { type Key, keyTree, type Variant } from './key-tree.ts'

/** What the keys of a variant that must be given stand for in a new run.yaml. */
const examples: Readonly<Record<string, string>> = {
  module: './my-model.ts',
  images: './train-images-idx3-ubyte.gz',
  labels: './train-labels-idx1-ubyte.gz',
}

/** Which kind of data is chosen with a kind of model. */
const dataOf = { gpt: 'text', mlp: 'images', cnn: 'images', module: 'text' } as const

export type ModelKind = keyof typeof dataOf

/**
 * A run.yaml that says every key with its default, its unit and its source: what `murmur init` writes. For a gpt it
 * means exactly the default run. Other variants stand in comments.
 */
export function commentedSpecification(model: ModelKind = 'gpt'): string {
  const head = [
    '# A run of murmur. Every key is optional; what stands here is the default.',
    '# Peers of one run have the same specification: its hash is the name of the run.',
  ]
  const kinds: Readonly<Record<string, string>> = { model, data: dataOf[model] }
  const lines = keyTree().variants[0]!.keys.flatMap(key => ['', ...yamlLines(key, kinds[key.name])])
  return `${[...head, ...lines].join('\n')}\n`
}

/** @param kind the variant to choose, by default the first; or the one that the key is in */
function yamlLines(key: Key, kind?: string): string[] {
  const comment = wrap(sentences(key)).map(line => `# ${line}`)
  const chosen = key.variants.find(({ discriminator }) => discriminator?.value === kind) ?? key.variants[0]
  const line = `${key.name}: ${yamlValue(key.default ?? examples[key.name] ?? kind)}`
  if (!chosen) return [...comment, key.only ? `# ${line}` : line]
  const others = key.variants.filter(variant => variant !== chosen)
  const alternatives = others.flatMap(variant => ['# or', ...alternativeLines(variant, chosen)])
  return [
    ...comment,
    `${key.name}:`,
    ...[...chosen.keys.flatMap(child => yamlLines(child, chosen.discriminator?.value)), ...alternatives].map(
      line => `  ${line}`,
    ),
  ]
}

/** Another variant, commented out; what the default one has said already is not said again. */
function alternativeLines(variant: Variant, chosen: Variant): string[] {
  const said = new Set(chosen.keys.map(key => key.says))
  return variant.keys.map(key => {
    const chooses = key.name === variant.discriminator?.key
    const given = chooses ? variant.discriminator?.value : key.default === undefined ? '...' : yamlValue(key.default)
    const line = `# ${key.name}: ${given}`
    return said.has(key.says) ? line : `${line.padEnd(24)} # ${sentences({ ...key, source: undefined })}`
  })
}

/** The reference of all keys: docs/run-specification.md. */
export function specificationReference(): string {
  const top = keyTree().variants[0]!.keys
  const groups = top.filter(key => key.variants.length > 0)
  return `${[
    '# The run specification',
    '',
    '<!-- Written by specificationReference() in src/peer/specification/documents.ts: change the schema, not this page. -->',
    '',
    'One YAML file says what a run is. Every key is optional, and an empty file is the default run. `murmur init` writes',
    'one with all keys and comments. A key that is unknown, a value that is out of range and a key that is there twice',
    'are refused with the line, the column and what was expected.',
    '',
    '## The name of a run',
    '',
    'Filled up with defaults, sorted and written as JSON, a specification is in canonical form; the first 128 bits of the',
    "SHA-256 of that are the run's id. Peers of different ids never mix. Comments, order and spelled-out defaults do not",
    'change the id. A release of murmur that adds a key changes the id of every run, even of an unchanged file: finish a',
    'run with the release that began it.',
    '',
    '`data.paths`, `data.images` and `data.labels` are part of the specification as they are written. A peer that keeps',
    'the same data elsewhere overrides them with `--data`; that changes nothing for the others and not the id. Whoever',
    'joins a run trains on the files these keys name on its own machine: look at them before you join a stranger.',
    '`data.tokenizer.file` is part of it too, with the hash of its content; a joiner that has no such file, or another one',
    'under this name, gets it from the swarm.',
    '',
    '## Keys at the top',
    '',
    ...table(top.filter(key => key.variants.length === 0)),
    ...groups.flatMap(key => groupSections(key, key.name)),
  ].join('\n')}\n`
}

function groupSections(key: Key, path: string): string[] {
  return [
    '',
    `## \`${path}\``,
    '',
    key.says,
    ...key.variants.flatMap((variant, i) => variantSection(variant, i === 0, path)),
    // What several variants share is said once.
    ...new Set(
      key.variants.flatMap(variant =>
        variant.keys
          .filter(child => child.variants.length > 0)
          .map(child => groupSections(child, `${path}.${child.name}`).join('\n')),
      ),
    ),
  ]
}

function variantSection({ discriminator, keys }: Variant, isDefault: boolean, path: string): string[] {
  const leaves = keys.filter(key => key.variants.length === 0)
  if (!discriminator) return ['', ...table(leaves, path)]
  const title = `### \`${discriminator.key}: ${discriminator.value}\`${isDefault ? ' (default)' : ''}`
  const chooser = keys.find(key => key.name === discriminator.key)!
  const rest = leaves.filter(key => key !== chooser)
  return ['', title, '', sentences(chooser), ...(rest.length > 0 ? ['', ...table(rest, path)] : [])]
}

function table(keys: readonly Key[], path = ''): string[] {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  return [
    '| Key | Default | Unit | Meaning | Expected | Source |',
    '|---|---|---|---|---|---|',
    ...keys.map(key => {
      const name = path ? `${path}.${key.name}` : key.name
      const open = key.optional ? 'none' : 'required'
      const fallback = key.default === undefined ? open : `\`${yamlValue(key.default)}\``
      const cells = [`\`${name}\``, fallback, key.unit ?? '', saysWhen(key), key.expected, key.source ?? '']
      return `| ${cells.map(cell).join(' | ')} |`
    }),
  ]
}

function sentences({ says, unit, source, only, variants, expected }: Key): string {
  const choices = expected.startsWith('one of') ? ` ${expected[0]!.toUpperCase()}${expected.slice(1)}.` : ''
  return `${saysWhen({ says, only })}${unit && variants.length === 0 ? ` Unit: ${unit}.` : ''}${choices}${source ? ` (${source})` : ''}`
}

function saysWhen({ says, only }: Pick<Key, 'says' | 'only'>): string {
  return only ? `${says} Only with \`${only}\`.` : says
}

/** JSON is YAML; plain numbers and words are nicer to read. */
function yamlValue(value: unknown): string {
  return typeof value === 'string' && /^[a-z][a-z0-9]*$/.test(value) ? value : JSON.stringify(value)
}

function wrap(text: string, width = 100): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

import * as z from 'zod'
import { type KeyDocumentation, keyDocumentation } from './key-documentation.ts'
import { specificationSchema } from './schema.ts'

/** A key of the specification, as the schema has it: what error messages and documents are made from. */
export interface Key extends KeyDocumentation {
  name: string
  /** For messages: "an integer >= 1". */
  expected: string
  /** The same for the items of a list. */
  expectedItem?: string
  /** Undefined where the user must give a value, or may leave it open. */
  default?: unknown
  /** May be left open, and has no default. */
  optional: boolean
  /** The keys below this one; several variants where `discriminator` decides, the default one first. */
  variants: readonly Variant[]
}

export interface Variant {
  /** The key whose value chooses this variant, and that value. */
  discriminator?: { key: string; value: string }
  keys: readonly Key[]
}

interface JsonSchema extends Partial<KeyDocumentation> {
  type?: string
  const?: string
  enum?: string[]
  default?: unknown
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
  minLength?: number
  maxLength?: number
  maxItems?: number
  items?: JsonSchema
  properties?: Record<string, JsonSchema>
  required?: string[]
  oneOf?: JsonSchema[]
}

/** The whole specification as one key without a name. */
export function keyTree(): Key {
  const schema = z.toJSONSchema(specificationSchema, { io: 'input', metadata: keyDocumentation })
  return readKey('', schema as JsonSchema, true)
}

/** The keys that apply below `key` for this value: those of the variant it chooses, or of the default one. */
export function chosenVariant(key: Key, value: unknown): Variant | undefined {
  const chosen = key.variants.find(({ discriminator }) => {
    return discriminator && (value as Record<string, unknown> | null)?.[discriminator.key] === discriminator.value
  })
  return chosen ?? key.variants[0]
}

/** The key at a path in a value, as far as the path leads. Items of lists are described by their list's key. */
export function keyAt(root: Key, path: readonly PropertyKey[], value: unknown): Key {
  let key = root
  let here = value
  for (const part of path) {
    const next = chosenVariant(key, here)?.keys.find(candidate => candidate.name === part)
    if (!next) return key
    key = next
    here = (here as Record<PropertyKey, unknown> | undefined)?.[part]
  }
  return key
}

function readKey(name: string, schema: JsonSchema, required: boolean): Key {
  const variants = (schema.oneOf ?? (schema.properties ? [schema] : [])).map(readVariant)
  return {
    name,
    says: schema.says ?? '',
    unit: schema.unit,
    source: schema.source,
    only: schema.only,
    default: schema.default,
    optional: !required && schema.default === undefined,
    expected: expectation(schema, variants),
    expectedItem: schema.items && expectation(schema.items, []),
    variants,
  }
}

function readVariant(schema: JsonSchema): Variant {
  const properties = Object.entries(schema.properties ?? {})
  const [key, chooser] = properties.find(([, property]) => property.const !== undefined) ?? []
  return {
    discriminator: key && chooser?.const !== undefined ? { key, value: chooser.const } : undefined,
    keys: properties.map(([name, property]) => readKey(name, property, schema.required?.includes(name) ?? false)),
  }
}

function expectation(schema: JsonSchema, variants: readonly Variant[]): string {
  if (variants.length > 0) return 'a mapping of keys'
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return `one of ${schema.enum.join(', ')}`
  if (schema.type === 'array') {
    return `a list${schema.maxItems ? ` of at most ${schema.maxItems}` : ''}, each ${expectation(schema.items ?? {}, [])}`
  }
  if (schema.type === 'string') {
    return `a text of ${schema.minLength ?? 0} to ${schema.maxLength} characters${schema.form ? `, ${schema.form}` : ''}`
  }
  if (schema.type === 'boolean') return 'true or false'
  return `${schema.type === 'integer' ? 'an integer' : 'a number'}${range(schema)}`
}

function range(schema: JsonSchema): string {
  const bounds: [string, number | undefined][] = [
    ['>=', schema.minimum],
    ['>', schema.exclusiveMinimum],
    ['<=', schema.maximum],
    ['<', schema.exclusiveMaximum],
  ]
  const said = bounds.filter(([, bound]) => bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER)
  return said.length > 0 ? ` ${said.map(([sign, bound]) => `${sign} ${bound}`).join(' and ')}` : ''
}

import { type Document, isCollection, isMap, isPair, isScalar, LineCounter, parseDocument, visit } from 'yaml'
import { MurmurError } from '../../core/errors.ts'
import type { Problem } from './problems.ts'

/** A YAML text that knows where everything in it stands. */
export interface YamlSource {
  /** What it means; an empty text means a mapping without keys. @throws MurmurError `SPECIFICATION_INVALID` */
  value(): unknown
  /** Of several problems the first in the text: one line with file, line, column, key, value and what was expected. */
  problem(problems: readonly Problem[]): MurmurError
}

/**
 * @param path where the text comes from, for messages
 * @param maximumBytes how long it may be
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function yamlSource(text: string, path: string, maximumBytes: number): YamlSource {
  return new Source(text, path, maximumBytes)
}

class Source implements YamlSource {
  readonly #path: string
  readonly #lines = new LineCounter()
  readonly #document: Document.Parsed

  constructor(text: string, path: string, maximumBytes: number) {
    this.#path = path
    if (Buffer.byteLength(text) > maximumBytes) {
      throw this.#error(0, `Expected at most ${maximumBytes} bytes, got ${Buffer.byteLength(text)}`)
    }
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: true,
    })
  }

  value(): unknown {
    const fault = this.#document.errors[0] ?? this.#document.warnings[0]
    if (fault?.code === 'DUPLICATE_KEY') {
      throw this.#error(fault.pos[0], `The key ${this.#keyAt(fault.pos[0])} is there twice: expected it once`)
    }
    if (fault) throw this.#error(fault.pos[0], `Not YAML: ${fault.message.split('\n')[0]}`)
    visit(this.#document, {
      // An alias can make a small file mean an enormous one, and nothing here is worth repeating.
      Alias: (_, alias) => {
        throw this.#error(
          alias.range?.[0] ?? 0,
          `Expected a value, got the alias *${alias.source}: aliases are not supported`,
        )
      },
    })
    return this.#document.toJS() ?? {}
  }

  problem(problems: readonly Problem[]): MurmurError {
    const placed = problems.map(problem => ({ problem, offset: this.#offset(problem) }))
    const { problem, offset } = placed.toSorted((a, b) => a.offset - b.offset)[0]!
    const others = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
    const { path, value, expected, suggestion } = problem
    return this.#error(offset, problem.message + others, { key: path.join('.'), value, expected, suggestion })
  }

  /** Where a value stands, or its key; what is missing is looked for where its parent stands. */
  #offset({ path, atKey }: Problem): number {
    for (let depth = path.length; depth > 0; depth--) {
      const parent: unknown = depth > 1 ? this.#document.getIn(path.slice(0, depth - 1), true) : this.#document.contents
      if (!isCollection(parent)) continue
      const name = path[depth - 1]
      const item = isMap(parent)
        ? parent.items.find(pair => isScalar(pair.key) && pair.key.value === name)
        : parent.items[Number(name)]
      const node = isPair(item) ? (atKey || depth < path.length || !item.value ? item.key : item.value) : item
      const range = (node as { range?: [number, number, number] | null } | undefined)?.range
      if (range) return range[0]
    }
    return 0
  }

  #keyAt(offset: number): string {
    let found = ''
    visit(this.#document, {
      Pair: (_, { key }) => {
        if (isScalar(key) && key.range?.[0] === offset) found = `\`${key.value}\``
      },
    })
    return found
  }

  #error(offset: number, message: string, details: Record<string, unknown> = {}): MurmurError {
    const { line, col } = this.#lines.linePos(offset)
    const where = { path: this.#path, line: Math.max(1, line), column: Math.max(1, col) }
    return new MurmurError({
      code: 'SPECIFICATION_INVALID',
      message: `${where.path}:${where.line}:${where.column}: ${message}`,
      details: { ...where, ...details },
    })
  }
}

const attribute = /^\s+[A-Za-z_:][\w:.-]*="(?:[^"<&]|&(?:amp|lt|gt|quot);)*"/
/** Elements of HTML that have no end. */
const empty = new Set(['meta'])

/** What is wrong with a document's tags, attributes and entities; undefined if it is well-formed. */
export function malformation(document: string): string | undefined {
  const open: string[] = []
  let rest = document.replace(/^<!doctype html>/, '')
  while (rest !== '') {
    const next = rest.indexOf('<')
    const text = next < 0 ? rest : rest.slice(0, next)
    if (/&(?!(?:amp|lt|gt|quot);)/.test(text)) return `a bare & in ${JSON.stringify(text.slice(0, 60))}`
    if (next < 0) break
    rest = rest.slice(next)
    const end = /^<\/([\w-]+)>/.exec(rest)
    if (end) {
      if (open.pop() !== end[1]) return `</${end[1]}> closes something else`
      rest = rest.slice(end[0].length)
      continue
    }
    const start = /^<([\w-]+)/.exec(rest)
    if (!start) return `a bare < before ${JSON.stringify(rest.slice(0, 60))}`
    const from = rest
    rest = rest.slice(start[0].length)
    for (let found = attribute.exec(rest); found; found = attribute.exec(rest)) rest = rest.slice(found[0].length)
    const close = /^(\/?)>/.exec(rest)
    if (!close) return `a broken tag: ${JSON.stringify(from.slice(0, 120))}`
    rest = rest.slice(close[0].length)
    if (close[1] === '' && !empty.has(start[1]!)) open.push(start[1]!)
  }
  return open.length > 0 ? `<${open.at(-1)}> is never closed` : undefined
}

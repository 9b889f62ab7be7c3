import { pad, printable, textWidth } from './progress/line.ts'

/** Cells under each other, each column as wide as its widest cell; numbers to the right. */
export function table(titles: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const texts = rows.map(row => row.map(cell => printable(String(cell))))
  const widths = titles.map((title, i) => Math.max(textWidth(title), ...texts.map(row => textWidth(row[i] ?? ''))))
  const right = titles.map((_, i) => rows.length > 0 && rows.every(row => typeof row[i] === 'number'))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => pad(cell, right[i] ? -widths[i]! : widths[i]!))
      .join('  ')
      .trimEnd()
  return [line(titles), ...texts.map(line)]
}

/** Names and what belongs to them, one a line; what is undefined is left out. */
export function pairs(entries: readonly (readonly [name: string, value: string | undefined])[]): string[] {
  const present = entries.filter(([, value]) => value !== undefined)
  const width = Math.max(...present.map(([name]) => name.length))
  return present.map(([name, value]) => `${name.padEnd(width)}  ${printable(value!)}`)
}

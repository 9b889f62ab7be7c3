import { styleText } from 'node:util'

export type Style = 'plain' | 'strong' | 'faint' | 'good' | 'bad' | 'accent'

/** Gives text a style for a terminal, or leaves it as it is. */
export type Paint = (text: string, style: Style) => string

const formats = {
  strong: 'bold',
  faint: 'dim',
  good: 'green',
  bad: 'red',
  accent: 'cyan',
} as const

export const plainPaint: Paint = text => text

export const colorPaint: Paint = (text, style) =>
  style === 'plain' || text === '' ? text : styleText(formats[style], text, { validateStream: false })

/** The part of a terminal stream that says what it can show. */
export interface ColorStream {
  isTTY?: boolean
  hasColors?(count: number, env: object): boolean
}

/** Colours on a terminal that has them, unless NO_COLOR (no-color.org) asks for none. */
export function paintFor(stream: ColorStream, env: Readonly<Record<string, string | undefined>>): Paint {
  if (env.NO_COLOR || !stream.isTTY) return plainPaint
  return stream.hasColors?.(16, env) ? colorPaint : plainPaint
}

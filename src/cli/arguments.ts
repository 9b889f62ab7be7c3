import { InvalidArgumentError } from 'commander'

/** Parsers of option values. commander puts the option's name and the value in front of their messages. */

export function integer(least: number, greatest = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return text => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (Number.isSafeInteger(value) && value >= least && value <= greatest) return value
    const upper = greatest === Number.MAX_SAFE_INTEGER ? '' : ` and <= ${greatest}`
    throw new InvalidArgumentError(`Expected an integer >= ${least}${upper}.`)
  }
}

/** A short name: one to 64 letters, digits and `.`, `-`, `_`. */
export function label(text: string): string {
  if (/^[\p{L}\p{N}._-]{1,64}$/u.test(text)) return text
  throw new InvalidArgumentError('Expected one to 64 letters, digits, dots, hyphens or underscores.')
}

export function number(least: number, greatest = Number.POSITIVE_INFINITY): (text: string) => number {
  return text => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (Number.isFinite(value) && value >= least && value <= greatest) return value
    const upper = Number.isFinite(greatest) ? ` and <= ${greatest}` : ''
    throw new InvalidArgumentError(`Expected a number >= ${least}${upper}.`)
  }
}

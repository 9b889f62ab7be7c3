import { random } from '../../src/core/random.ts'

/** Words, runs of white space of all kinds, numbers and marks, in many alphabets. */
export function strangeText(length: number): string {
  const stream = random('strange text')
  const parts = ['word', "don't", ' ', '\n', '\n\n  ', '\u00a0', '\u3000', '日本', '12', '—', '👩‍🚀', '\t', 'é', "'s"]
  let text = ''
  while (text.length < length) text += parts[stream.integer(parts.length)]
  return text
}

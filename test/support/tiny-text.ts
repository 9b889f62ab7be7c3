import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { random } from '../../src/core/random.ts'

const WORDS = 'starlings turn as one without a leader while each bird watches only seven neighbours'.split(' ')

/** Sentences of few words in random order: a tiny model learns their spelling in a few dozen steps. */
export function tinyText(bytes: number): string {
  const stream = random('tiny text')
  let text = ''
  while (text.length < bytes) text += `${WORDS[stream.integer(WORDS.length)]} `
  return text
}

/** A new folder, gone when the process ends, for the files of one test file. */
export function processFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'murmur-test-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes the text into a folder and returns its path. */
export function tinyTextFile(folder: string, bytes = 60_000): string {
  const path = join(folder, 'text.txt')
  writeFileSync(path, tinyText(bytes))
  return path
}

import { readFileSync } from 'node:fs'
import test from 'ava'
import { exitCodeOf, exitCodeTable, NODE_TOO_OLD } from '../../../src/cli/exit-codes.ts'

test('every failure has an exit code of its own', t => {
  const codes = exitCodeTable().map(({ exit }) => exit)
  t.is(new Set(codes).size, codes.length)
  t.true(codes.every(code => Number.isInteger(code) && code >= 0 && code <= 255))
  // Codes above 128 mean a signal to a shell; only the second Ctrl-C is one.
  t.deepEqual(
    codes.filter(code => code >= 126),
    [130],
  )
  t.is(exitCodeOf('USAGE'), 2)
})

test('docs/exit-codes.md holds exactly these codes', t => {
  const page = readFileSync(new URL('../../../docs/exit-codes.md', import.meta.url), 'utf8')
  const written = page.split('\n').filter(line => /^\| \d/.test(line))
  const expected = exitCodeTable().map(
    ({ exit, name, meaning }) => `| ${exit} | ${name && `\`${name}\``} | ${meaning} |`,
  )
  t.deepEqual(written, expected)
})

test('bin/murmur.js, which can import nothing, has the same code for an old Node', t => {
  const source = readFileSync(new URL('../../../bin/murmur.js', import.meta.url), 'utf8')
  t.regex(source, new RegExp(`^const TOO_OLD = ${NODE_TOO_OLD}\\b`, 'm'))
})

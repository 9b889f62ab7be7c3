#!/usr/bin/env node
// This file must load under any Node since 14: plain syntax, and nothing imported before the version was looked at.
const needed = 24
const TOO_OLD = 3 // docs/exit-codes.md

if (Number(process.versions.node.split('.')[0]) < needed) {
  const clone = '"npm start" or "npm run murmur -- <command>" in a clone, where npm has installed the right one'
  const anywhere = `"npx --package=node@${needed} --package=murmuration murmur <command>" anywhere else`
  process.stderr.write(
    `murmur: found Node ${process.versions.node}, needs Node ${needed} or newer: use ${clone}, or ${anywhere}\n`,
  )
  process.exitCode = TOO_OLD
} else {
  import('node:fs')
    // A clone runs its sources; the published package, which has none, what was built from them.
    .then(fs => {
      const source = new URL('../src/cli/main.ts', import.meta.url)
      return import(fs.existsSync(source) ? source.href : new URL('../dist/cli/main.js', import.meta.url).href)
    })
    .then(cli => cli.main())
    .catch(error => {
      process.stderr.write(`murmur: ${error?.stack || error}\n`)
      process.exitCode = 1
    })
}

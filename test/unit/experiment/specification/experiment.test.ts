import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { MurmurError } from '../../../../src/core/errors.ts'
import {
  digestOf,
  onlyArm,
  parseExperiment,
  readExperiment,
} from '../../../../src/experiment/specification/experiment.ts'
import { RecordedPeer } from '../../../support/event-log.ts'
import { processFolder } from '../../../support/tiny-text.ts'

const SMALL = `
name: small
description: Which one is better?
baseline: a
seeds: 2
peers: 4
run: { steps: 10, averaging: { every: 5 } }
arms:
  - name: a
  - name: b
    run: { averaging: { algorithm: diloco, every: 7 } }
conditions:
  churn:
    none: {}
    some: { churn: { up: 100, down: 10 } }
  swarm:
    two: { peers: 2 }
    four: {}
`

test('every arm is treated under every combination of conditions', t => {
  const { treatments, seeds, arms } = parseExperiment(SMALL, 'small.yaml')
  t.deepEqual(seeds, [1, 2])
  t.deepEqual(arms, ['a', 'b'])
  t.deepEqual(
    treatments.map(({ arm, conditions, candidates }) => [
      arm,
      conditions,
      candidates[0]!.peers,
      candidates[0]!.churn?.up,
      candidates[0]!.run.averaging.algorithm,
    ]),
    ['a', 'b'].flatMap(arm =>
      [
        ['none', 'two', 2, undefined],
        ['none', 'four', 4, undefined],
        ['some', 'two', 2, 100],
        ['some', 'four', 4, 100],
      ].map(([churn, swarm, peers, up]) => [arm, { churn, swarm }, peers, up, arm === 'a' ? 'pairwise' : 'diloco']),
    ),
  )
})

test('settings have a name by what they are', t => {
  const digests = parseExperiment(SMALL, 'small.yaml').treatments.map(({ candidates }) => digestOf(candidates[0]!))
  t.is(new Set(digests).size, 8)
  t.deepEqual(
    digests,
    parseExperiment(SMALL, 'other.yaml').treatments.map(({ candidates }) => digestOf(candidates[0]!)),
  )
})

const wrong: Record<string, [change: (text: string) => string, message: RegExp]> = {
  'a baseline that is no arm': [
    text => text.replace('baseline: a', 'baseline: c'),
    /^small\.yaml:4:11: Expected `baseline` to be one of the arms, a, b, got c$/,
  ],
  'two arms of one name': [
    text => text.replace('name: b', 'name: a'),
    /^small\.yaml:10:11: Expected `arms\[1\]\.name` to be a name that no other arm has, got a$/,
  ],
  'an unknown key': [text => text.replace('peers: 4', 'pears: 4'), /^small\.yaml:6:1: Wrong `pears`: Unrecognized key/],
  'a wrong value': [
    text => text.replace('peers: 4', 'peers: none'),
    /^small\.yaml:6:8: Wrong `peers`: expected number/,
  ],
  "a wrong key of an arm's run": [
    text => text.replace('every: 7', 'evry: 7'),
    /^small\.yaml:11:\d+: Unknown key `averaging\.evry`, .*did you mean `averaging\.every`/,
  ],
  'a wrong value of a condition': [text => text.replace('up: 100', 'up: -1'), /`arms\[0\]\.churn\.up`/],
  'candidates without a tuning seed': [
    text => text.replaceAll(/- name: (\w)/g, '- name: $1\n    candidates: [{}, { peers: 3 }]'),
    /Expected `tuning` to be there/,
  ],
  'arms with more candidates than others': [
    text => text.replace('- name: a', '- name: a\n    candidates: [{}, { peers: 3 }]'),
    /Expected `arms\[1\]\.candidates` to be 2 of them, as the first arm has/,
  ],
  'no YAML': [() => 'name: [', /^small\.yaml:1:\d+: Not YAML/],
}

for (const [what, [change, message]] of Object.entries(wrong)) {
  test(`refuses ${what} in one line that says where`, t => {
    const error = t.throws(() => parseExperiment(change(SMALL), 'small.yaml'), { instanceOf: MurmurError })
    t.is(error.code, 'SPECIFICATION_INVALID')
    t.regex(error.message, message)
    t.false(error.message.includes('\n'))
  })
}

test('a recorded run stands in the place of a model, found from where the experiment is', async t => {
  const folder = processFolder()
  new RecordedPeer('a', 0)
    .step(30)
    .step(40)
    .write(join(folder, 'old', 'events.jsonl'))
  const text = SMALL.replace('arms:', 'compute: { kind: trace, path: old }\nlinks: { kind: trace, path: ./old }\narms:')
  const { treatments } = await readExperiment(text, join(folder, 'small.yaml'))
  for (const { candidates } of treatments) {
    t.deepEqual(candidates[0]!.compute, { kind: 'recorded', peers: [{ offset: 0, steps: [30, 40] }] })
    t.like(candidates[0]!.links, { kind: 'measured', peers: 1 })
  }
  const digest = digestOf(treatments[0]!.candidates[0]!)
  new RecordedPeer('a', 0)
    .step(30)
    .step(50)
    .write(join(folder, 'old', 'events.jsonl'))
  const again = await readExperiment(text, join(folder, 'small.yaml'))
  t.not(digestOf(again.treatments[0]!.candidates[0]!), digest) // another recording, another cell

  writeFileSync(join(folder, 'old', 'events.jsonl'), '')
  await t.throwsAsync(readExperiment(text, join(folder, 'small.yaml')), { code: 'RECORD_INVALID', message: /old/ })
  await t.throwsAsync(readExperiment(text.replace('path: old', 'file: old'), 'small.yaml'), {
    code: 'SPECIFICATION_INVALID',
    message: /compute/,
  })
})

test('an arm can be run alone', t => {
  const small = parseExperiment(SMALL, 'small.yaml')
  t.deepEqual([...new Set(onlyArm(small, 'b').treatments.map(({ arm }) => arm))], ['b'])
  t.throws(() => onlyArm(small, 'c'), { code: 'USAGE', message: 'Expected one of the arms of small, a, b, got c' })
})

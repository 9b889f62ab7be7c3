import test from 'ava'
import { MurmurError } from '../../../../src/core/errors.ts'
import { parseSpecification } from '../../../../src/peer/specification/parse.ts'

test('an empty file is the default run', t => {
  const specification = parseSpecification('')
  t.deepEqual(specification, parseSpecification('# nothing but a comment\n---\n'))
  t.deepEqual(specification.model, { kind: 'gpt', layers: 4, width: 128, heads: 4, context: 64 })
  t.like(specification, { name: 'murmuration', seed: 0, batch: 8, steps: 2000, shards: 4, gradientClip: 1 })
  t.like(specification.averaging, { algorithm: 'pairwise', every: 20, codec: 'int8', timeout: 15 })
})

test('a section keeps the defaults of what it does not say, and its kind may go unsaid', t => {
  const { model, optimizer, schedule } = parseSpecification(
    'model: {width: 64}\noptimizer: {kind: sgd}\nschedule: {kind: constant}',
  )
  t.deepEqual(model, { kind: 'gpt', layers: 4, width: 64, heads: 4, context: 64 })
  t.deepEqual(optimizer, { kind: 'sgd', learningRate: 0.1, momentum: 0.9 })
  t.deepEqual(schedule, { kind: 'constant', warmup: 0 })
})

test('images and a perceptron go together', t => {
  const { model, data } = parseSpecification('model: {kind: mlp}\ndata: {kind: images, images: i.gz, labels: l.gz}')
  t.deepEqual(model, { kind: 'mlp', hidden: [128] })
  t.deepEqual(data, {
    kind: 'images',
    images: 'i.gz',
    labels: 'l.gz',
    partitions: 4,
    partition: 'iid',
    validation: 0.1,
  })
})

test('alpha is there with a dirichlet partition, and only there', t => {
  const images = 'model: {kind: mlp}\ndata: {kind: images, images: a, labels: b, '
  for (const data of ['data: {', images]) {
    t.false('alpha' in parseSpecification(`${data}partition: iid}`).data)
    t.is(parseSpecification(`${data}partition: dirichlet}`).data.alpha, 0.1)
    t.is(parseSpecification(`${data}partition: dirichlet, alpha: 3}`).data.alpha, 3)
  }
})

test('a cnn, and a model of the user whose kind may go unsaid', t => {
  const images = 'data: {kind: images, images: i.gz, labels: l.gz}\n'
  t.deepEqual(parseSpecification(`${images}model: {kind: cnn}`).model, {
    kind: 'cnn',
    channels: [16, 32],
    kernel: 5,
    hidden: [128],
  })
  const mine = { kind: 'module', module: './models/mine.ts', sha256: '', context: 64 }
  for (const data of ['', images]) {
    t.deepEqual(parseSpecification(`${data}model: {module: ./models/mine.ts}`).model, mine as never)
  }
})

/** What is wrong, where, and what the one line says of it. */
const wrong: [yaml: string, where: string, says: RegExp][] = [
  ['averaging:\n  every: 0\n', '2:10', /Expected `averaging.every` to be an integer >= 1 .*, got 0$/],
  ['averaging: {every: 2.5}', '1:20', /`averaging.every` to be an integer .*, got 2.5$/],
  ['averaging: {codec: int2}', '1:20', /`averaging.codec` to be one of int8, int4, float16, float32, got "int2"$/],
  ['averaging: {staleness: {policy: bound}}', '1:33', /one of none, bounded, polynomial, hinge, drop, got "bound"$/],
  ['seed: 1.5', '1:7', /`seed` to be an integer >= 0, got 1.5$/],
  ['batch: "8"', '1:8', /`batch` to be an integer .*, got "8"$/],
  ['batch: .inf', '1:8', /got Infinity$/],
  ['optimizer: {learningRate: .nan}', '1:27', /a number > 0 and <= 100, got NaN$/],
  ['optimizer: {beta2: 1}', '1:20', /a number >= 0 and < 1, got 1$/],
  ['steps: ~', '1:8', /got null$/],
  ['name: ""', '1:7', /a text of 1 to 200 characters, a letter or digit first, without control characters, got ""$/],
  ['name: ..', '1:7', /a letter or digit first.*, got ".."$/],
  ['name: "a\\e[2Jb"', '1:7', /without control characters, got "a\\u001b\[2Jb"$/],
  ['data: {paths: ["a\\nb"]}', '1:16', /`data.paths\[0\]`.*without control characters/],
  ['model: 3', '1:8', /`model` to be a mapping of keys, got 3$/],
  ['- a\n- b', '1:1', /the specification to be a mapping of keys, got a list$/],
  [
    'data:\n  paths:\n  - a\n  - 3',
    '4:5',
    /`data.paths\[1\]` to be a text of 1 to 4096 characters, without control characters, got 3$/,
  ],
  [
    'data: {kind: images, images: a, labels: b}\nmodel: {kind: mlp, hidden: [8, 0]}',
    '2:32',
    /`model.hidden\[1\]` to be an integer >= 1 .*, got 0/,
  ],
  ['name: "a\\x9b2J"', '1:7', /got "a\\u009b2J"$/],
  // across keys, where the default counts too
  ['model:\n  width: 100\n  heads: 3', '2:10', /`model.width` to be divisible by model.heads, 3, got 100$/],
  ['model:\n  heads: 3', '1:1', /`model.width` to be divisible by model.heads, 3, got 128$/],
  ['heartbeat: {interval: 9}', '1:1', /`heartbeat.timeout` to be greater than heartbeat.interval, 9, got 5$/],
  ['model: {kind: mlp}', '1:1', /`data.kind` to be images, which model.kind mlp needs, got "text"$/],
  ['data: {kind: images, images: a, labels: b}', '1:14', /`data.kind` to be text, .* got "images"$/],
  ['data: {kind: images, images: a}\nmodel: {kind: mlp}', '1:1', /`data.labels` to be a text .*, got nothing$/],
  ['data: {alpha: 0.5}', '1:15', /`data.alpha` to be left out, as data.partition is iid and not dirichlet, got 0.5$/],
  [
    'data: {partition: document, alpha: 0.5}',
    '1:36',
    /`data.alpha` to be left out, as data.partition is document and not dirichlet, got 0.5$/,
  ],
  ['data: {partition: dirichlet, alpha: 0}', '1:37', /`data.alpha` to be a number > 0 and <= 1000000, got 0$/],
  [
    'model: {kind: mlp}\ndata: {kind: images, images: a, labels: b, partition: document}',
    '2:55',
    /`data.partition` to be one of iid, dirichlet, got "document"$/,
  ],
  ['model: {kind: cnn}', '1:1', /`data.kind` to be images, which model.kind cnn needs, got "text"$/],
  ['model: {kind: module}', '1:1', /`model.module` to be a text .*, got nothing$/],
  ['model: {module: a.ts, sha256: abc}', '1:31', /`model.sha256` to be .*64 hexadecimal digits or none, got "abc"$/],
  // A specification may come from a stranger: it names no file elsewhere.
  ...[
    '/etc/a.ts',
    '../a.ts',
    './b/../../a.ts',
    'node_modules/a/b.js',
    'a/node_modules/b.js',
    'c:\\\\a.ts',
    'C:/Users/x/a.js',
    'C:a.js',
    'a.txt:b.js',
    'a\\\\b.js',
    'NODE_MODULES/a/b.js',
    'a/Node_Modules/b.js',
    'a.JS',
    'a\u2028/../../b.js',
    'a.json',
  ].map((path): [string, string, RegExp] => [
    `model: {module: "${path}"}`,
    '1:17',
    /`model.module` to be a text .*, a relative path of a .ts, .mts, .js or .mjs file, below the folder of the run file/,
  ]),
  // unknown keys
  [
    'model:\n  widht: 3',
    '2:3',
    /^Unknown key `model.widht`, with the value 3: did you mean `model.width`\? Expected one of kind, layers/,
  ],
  ['Steps: 3', '1:1', /did you mean `steps`\?/],
  ['learningRate: 3', '1:1', /did you mean `optimizer.learningRate`\?/],
  [
    'optimizer: {kind: sgd, beta1: 0.9}',
    '1:24',
    /`optimizer.beta1`.*only kind adamw has it, not sgd\. Expected one of kind, learningRate, momentum$/,
  ],
  ['xyzzy: {a: 1}', '1:1', /^Unknown key `xyzzy`, with the value a mapping: Expected one of name, seed/],
  ['"a\\nb": 1', '1:1', /^Unknown key `"a\\nb"`/],
  ['__proto__: {batch: 3}', '1:1', /^Unknown key `__proto__`/],
  // several
  ['steps: 5\nbatch: 0\nxyzzy: 1\nseed: -1', '2:8', /`batch`.*, got 0 \(and 2 more\)$/],
  // not what we call YAML
  ['steps: 3\nsteps: 4', '2:1', /^The key `steps` is there twice: expected it once$/],
  ['data: {paths: [a\nsteps: 3', '2:1', /^Not YAML: /],
  ['model:\n\tlayers: 3', '2:1', /^Not YAML: Tabs/],
  ['steps: !!js/function 3', '1:8', /^Not YAML: Unresolved tag/],
  ['steps: &a 3\nbatch: *a', '2:8', /aliases are not supported$/],
  ['steps: 3\n---\nsteps: 4', '2:1', /^Not YAML: .*multiple documents/],
  ['['.repeat(20_000), '1:', /^Not YAML: /],
  [`name: ${'x'.repeat(70_000)}`, '1:1', /^Expected at most 65536 bytes, got 70006$/],
]

for (const [yaml, where, says] of wrong) {
  test(`refused in one line: ${JSON.stringify(yaml.slice(0, 60))}`, t => {
    const error = t.throws(() => parseSpecification(yaml, { path: 'my/run.yaml' }), { instanceOf: MurmurError })
    t.is(error.code, 'SPECIFICATION_INVALID')
    t.true(error.message.startsWith(`my/run.yaml:${where}`), error.message)
    t.regex(error.message.replace(/^my\/run\.yaml:\d+:\d+: /, ''), says)
    t.false(error.message.includes('\n'))
    t.true(error.message.length < 400)
    t.notThrows(() => structuredClone(error.details))
  })
}

test('an error says the same to machines', t => {
  const error = t.throws(() => parseSpecification('averaging:\n  evry: 0\n'), { instanceOf: MurmurError })
  t.like(error.details, {
    path: 'run.yaml',
    line: 2,
    column: 3,
    key: 'averaging.evry',
    value: 0,
    expected: 'one of algorithm, every, codec, topology, staleness, timeout',
    suggestion: 'averaging.every',
  })
})

test('a tokenizer may be said in short, which names the same run', t => {
  const same = (short: string, long: string) => {
    t.deepEqual(parseSpecification(`data: {tokenizer: ${short}}`), parseSpecification(`data: {tokenizer: ${long}}`))
  }
  same('bytes', '{}')
  same('gpt2', '{kind: gpt2}')
  same('{file: a.json}', "{kind: file, file: a.json, sha256: ''}")
})

test('a tokenizer that is none is told where it stands', t => {
  const message = (yaml: string) => t.throws(() => parseSpecification(yaml), { instanceOf: MurmurError })?.message
  t.regex(
    message('data:\n  tokenizer: gpt3')!,
    /^run\.yaml:2:3: .*`data\.tokenizer\.kind`.* one of bytes, gpt2, file, got "gpt3"/,
  )
  t.regex(message('data:\n  tokenizer: 5')!, /^run\.yaml:2:14: .*`data\.tokenizer`.*a mapping of keys, got 5/)
  t.regex(
    message('data: {tokenizer: {file: x, sha256: abc}}')!,
    /`data\.tokenizer\.sha256`.* 64 hexadecimal digits or none, got "abc"/,
  )
  t.regex(message('data: {tokenizer: {kind: gpt2, file: x}}')!, /only kind file has it, not gpt2/)
})

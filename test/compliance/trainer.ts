import type { ExecutionContext, TestFn } from 'ava'
import type { StepReport, Trainer, TrainerState } from '../../src/compute/trainer/trainer.ts'
import type { TrainerConfig } from '../../src/compute/trainer/trainer-config.ts'
import { MurmurError } from '../../src/core/errors.ts'
import { sharedFloats } from '../../src/core/parameters.ts'
import { processFolder, tinyTextFile } from '../support/tiny-text.ts'
import { tinyImagesConfig, tinyTrainerConfig } from '../support/tiny-trainer.ts'

export type MakeTrainer = (config: TrainerConfig) => Promise<Trainer>

const never = new AbortController().signal

/** A state of its own: `save` reuses its arrays. */
function copyOf(state: TrainerState): TrainerState {
  return {
    ...state,
    parameters: state.parameters.slice(),
    optimizer: Object.fromEntries(Object.entries(state.optimizer).map(([name, values]) => [name, values.slice()])),
  }
}

async function train(trainer: Trainer, until: number, onStep: (report: StepReport) => void = () => {}) {
  const reports: StepReport[] = []
  await trainer.run(
    until,
    report => {
      reports.push(report)
      onStep(report)
    },
    never,
  )
  return reports
}

const figures = (reports: readonly StepReport[]) =>
  reports.map(({ step, loss, learningRate, gradientNorm }) => ({ step, loss, learningRate, gradientNorm }))

/** What every trainer does, whatever thread its steps run in. Tests share two trainers and put them back first. */
export function trainerSuite(test: TestFn, name: string, make: MakeTrainer): void {
  const folder = processFolder()
  const config = tinyTrainerConfig(tinyTextFile(folder))
  let trainers: [Trainer, Trainer]
  let initial: TrainerState

  const serial = (title: string, body: (t: ExecutionContext, trainer: Trainer, twin: Trainer) => Promise<void>) =>
    test.serial(`${name}: ${title}`, async t => {
      for (const trainer of trainers) await trainer.restore(initial)
      await body(t, ...trainers)
    })
  const once = (
    title: string,
    changes: Partial<TrainerConfig>,
    body: (t: ExecutionContext, trainer: Trainer) => Promise<void>,
  ) =>
    test.serial(`${name}: ${title}`, async t => {
      const trainer = await make({ ...config, ...changes })
      t.teardown(() => trainer.close())
      await body(t, trainer)
    })

  test.serial.before(`${name}: made`, async t => {
    trainers = await Promise.all([make(config), make(config)])
    initial = copyOf(await trainers[0].save())
    t.is(initial.step, 0)
    t.is(initial.optimizerAge, 0)
    t.like(trainers[0].description, { backend: 'cpu', threads: 1, tokensPerStep: 4 * 16 })
    t.is(trainers[0].layout.shards.length, 2)
  })

  test.after.always(`${name}: closed`, async () => {
    for (const trainer of trainers ?? []) await trainer.close()
  })

  serial('one seed is one run, bit for bit', async (t, trainer, twin) => {
    t.deepEqual(copyOf(await twin.save()), initial)
    const reports = await train(trainer, 12)
    t.deepEqual(
      reports.map(report => report.step),
      Array.from({ length: 12 }, (_, i) => i + 1),
    )
    t.deepEqual(figures(await train(twin, 12)), figures(reports))
    const state = copyOf(await trainer.save())
    t.deepEqual(copyOf(await twin.save()), state)
    t.notDeepEqual(state.parameters, initial.parameters)
    for (const { stepMs, wallMs } of reports) t.true(stepMs > 0 && wallMs >= stepMs)
  })

  serial('a restored state continues bit for bit', async (t, trainer, twin) => {
    const whole = await train(trainer, 20)
    await train(twin, 10)
    const half = copyOf(await twin.save())
    t.like(half, { step: 10, optimizerAge: 10 })
    await train(twin, 15) // something else meanwhile
    await twin.restore(half)
    t.deepEqual(figures(await train(twin, 20)), figures(whole.slice(10)))
    t.deepEqual(copyOf(await twin.save()), copyOf(await trainer.save()))
  })

  serial('training lowers the validation loss; evaluating changes nothing', async (t, trainer) => {
    const before = await trainer.evaluate()
    t.true(Math.abs(before.loss - Math.log(256)) < 0.1)
    t.like(before, { step: 0, tokens: 2 * 4 * 16 })
    await train(trainer, 60)
    const state = copyOf(await trainer.save())
    const after = await trainer.evaluate()
    t.is(after.step, 60)
    t.true(after.loss < before.loss - 1, `${before.loss} -> ${after.loss}`)
    t.deepEqual(await trainer.evaluate(), after)
    t.deepEqual(copyOf(await trainer.save()), state)
  })

  serial('what is asked for during a run happens between two steps, in order', async (t, trainer, twin) => {
    const { length } = trainer.layout
    const snapshots = [trainer.allocate(length), trainer.allocate(length), sharedFloats(length)] as const
    const delta = trainer.allocate(length).fill(2 ** -6)
    const done: string[] = []
    let asked: Promise<unknown> | undefined
    let stamps: number[] = []
    let loss = 0
    let saved: TrainerState | undefined
    const note = (what: string) => done.push(what)
    await train(trainer, 30, ({ step }) => {
      note(`step ${step}`)
      if (asked) return
      asked = Promise.all([
        trainer.snapshot(0, snapshots[0]).finally(() => note('snapshot')),
        trainer.apply(0, delta, 0.5).finally(() => note('apply')),
        trainer.snapshot(0, snapshots[1]).finally(() => note('snapshot')),
        trainer.evaluate().finally(() => note('evaluate')),
        trainer.save().finally(() => note('save')),
        trainer.apply(0, delta, -0.5).finally(() => note('apply')),
        trainer.snapshot(0, snapshots[2]).finally(() => note('snapshot')),
      ]).then(([a, b, c, evaluation, state, d, e]) => {
        stamps = [a, b, c, evaluation, state, d, e].map(({ step: at }) => at)
        loss = evaluation.loss
        saved = copyOf(state)
      })
    })
    await asked
    const order = ['snapshot', 'apply', 'snapshot', 'evaluate', 'save', 'apply', 'snapshot']
    t.deepEqual(
      done.filter(what => !what.startsWith('step')),
      order,
    )
    t.is(done.filter(what => what.startsWith('step')).length, 30)
    // They may fall on several boundaries, but never back.
    t.deepEqual(
      stamps,
      stamps.toSorted((a, b) => a - b),
    )
    const [first = 0, , , evaluated = 0] = stamps
    t.true(first >= 1 && first < 30, `the first snapshot came at step ${first}`)

    // The twin does the same at the same boundaries, without a run under way.
    const [one, two] = [sharedFloats(length), sharedFloats(length)]
    for (const [k, act] of [
      () => twin.snapshot(0, one),
      () => twin.apply(0, delta, 0.5),
      () => twin.snapshot(0, two),
      async () => t.is((await twin.evaluate()).loss, loss),
      async () => t.deepEqual(copyOf(await twin.save()), saved),
      () => twin.apply(0, delta, -0.5),
    ].entries()) {
      await train(twin, stamps[k]!)
      await act()
    }
    t.true(evaluated <= 30)
    t.deepEqual(one.slice(), snapshots[0].slice())
    t.deepEqual(two.slice(), snapshots[1].slice())
    await train(twin, 30)
    t.deepEqual(copyOf(await twin.save()), copyOf(await trainer.save()))
  })

  serial('a snapshot fills the memory that was given, one range of it', async (t, trainer) => {
    const [, shard] = trainer.layout.shards
    const memory = new Float32Array(new SharedArrayBuffer((shard!.length + 2) * 4)).fill(9)
    const into = memory.subarray(1, -1)
    t.deepEqual(await trainer.snapshot(shard!.offset, into), { step: 0 })
    t.is(memory[0], 9)
    t.is(memory.at(-1), 9)
    t.deepEqual(into.slice(), initial.parameters.slice(shard!.offset, shard!.offset + shard!.length) as never)
  })

  serial('an applied delta is added, scaled, to its range alone', async (t, trainer) => {
    const [, shard] = trainer.layout.shards
    const delta = sharedFloats(shard!.length).fill(0.25)
    await trainer.apply(shard!.offset, delta, -0.5)
    const { parameters } = await trainer.save()
    const expected = initial.parameters.map((value, i) =>
      i >= shard!.offset && i < shard!.offset + shard!.length ? Math.fround(value - 0.125) : value,
    )
    t.deepEqual(parameters.slice(), expected)
  })

  serial('a delta with NaN, of another range or weight is refused and changes nothing', async (t, trainer) => {
    const { length } = trainer.layout
    const bad = sharedFloats(4)
    for (const value of [Number.NaN, Infinity, -Infinity]) {
      bad[2] = value
      await t.throwsAsync(trainer.apply(0, bad, 1), { code: 'VALUES_INVALID' })
    }
    bad[2] = 1
    await t.throwsAsync(trainer.apply(0, bad, Number.NaN), { code: 'VALUES_INVALID' })
    for (const offset of [-1, 0.5, length - 3, length, Number.NaN]) {
      await t.throwsAsync(trainer.apply(offset, bad, 1), { code: 'MESSAGE_INVALID' }, `offset ${offset}`)
      await t.throwsAsync(trainer.snapshot(offset, bad), { code: 'MESSAGE_INVALID' }, `offset ${offset}`)
    }
    await t.throwsAsync(trainer.snapshot(0, sharedFloats(length + 1)), { code: 'MESSAGE_INVALID' })
    t.deepEqual(copyOf(await trainer.save()), initial)
    t.is((await trainer.snapshot(length - 4, bad)).step, 0)
  })

  serial('a snapshot that was cancelled is not taken', async (t, trainer) => {
    const into = sharedFloats(4).fill(9)
    const reason = new Error('enough')
    t.is(await t.throwsAsync(trainer.snapshot(0, into, AbortSignal.abort(reason))), reason)
    t.deepEqual(into.slice(), Float32Array.of(9, 9, 9, 9) as never)
  })

  serial('the signal ends a run at a step boundary; a later run goes on from there', async (t, trainer, twin) => {
    const stop = new AbortController()
    const steps: number[] = []
    await trainer.run(
      1_000_000,
      ({ step }) => {
        steps.push(step)
        if (step === 5) stop.abort()
      },
      stop.signal,
    )
    const last = steps.at(-1)!
    t.true(last >= 5 && last < 1000)
    t.is((await trainer.save()).step, last)
    await trainer.run(1_000_000, () => t.fail(), stop.signal)
    await train(trainer, last + 3)
    await train(twin, last + 3)
    t.deepEqual(copyOf(await trainer.save()), copyOf(await twin.save()))
  })

  serial('what reduces gradients sees each before the optimizer does', async (t, trainer, twin) => {
    const steps: number[] = []
    const reports: StepReport[] = []
    const length = trainer.layout.length
    await trainer.run(
      2,
      report => reports.push(report),
      never,
      async (gradient, step) => {
        steps.push(step)
        t.is(gradient.length, length)
        if (step === 1) gradient.fill(0)
      },
    )
    const alone = await train(twin, 2)
    t.deepEqual(steps, [0, 1])
    t.is(reports[0]!.gradientNorm, alone[0]!.gradientNorm)
    t.is(reports[1]!.gradientNorm, 0)
    t.true(alone[1]!.gradientNorm > 0)
    await trainer.run(3, report => reports.push(report), never) // without a reducer, gradients stay at home again
    t.true(reports[2]!.gradientNorm > 0)
  })

  serial('adopted parameters start a fresh optimizer that warms up again', async (t, trainer) => {
    await train(trainer, 10)
    const parameters = sharedFloats(trainer.layout.length).fill(0.01)
    await trainer.adopt(parameters, 50)
    const state = await trainer.save()
    t.like(state, { step: 50, optimizerAge: 0 })
    t.deepEqual(state.parameters.slice(), parameters.slice())
    for (const vector of Object.values(state.optimizer)) t.true(vector.every(value => value === 0))
    parameters.fill(0) // its own copy
    const reports = await train(trainer, 58)
    t.is(reports[0]!.step, 51)
    const [first, second, third] = reports.map(report => report.learningRate)
    t.is(first, 0.01 / 4)
    t.is(second, 0.02 / 4)
    // The schedule of step 52 of 100 is below the ramp's three quarters.
    t.true(third! < 0.03 / 4 && third! > second!, `${third}`)
    t.true(reports.at(-1)!.learningRate < third!)
  })

  serial('what only an idle trainer can do is refused while it runs', async (t, trainer) => {
    const begun = Promise.withResolvers<void>()
    const enough = new AbortController()
    // It must still run when the requests arrive, however far ahead of us its thread is.
    const running = trainer.run(1e9, () => begun.resolve(), enough.signal)
    await begun.promise
    const refusal = { code: 'TRAINER_FAILED', message: /running/ }
    await t.throwsAsync(trainer.restore(initial), refusal)
    await t.throwsAsync(trainer.adopt(initial.parameters, 0), refusal)
    await t.throwsAsync(
      trainer.run(1e9, () => t.fail(), never),
      refusal,
    )
    enough.abort()
    await running
    t.true((await trainer.save()).step > 0)
  })

  serial('a state of another model or optimizer is refused and changes nothing', async (t, trainer) => {
    const invalid = { code: 'CHECKPOINT_INVALID' }
    const short = initial.parameters.slice(1)
    await t.throwsAsync(trainer.restore({ ...initial, parameters: short }), invalid)
    await t.throwsAsync(trainer.restore({ ...initial, optimizer: {} }), invalid)
    const [one, two] = Object.keys(initial.optimizer)
    await t.throwsAsync(
      trainer.restore({ ...initial, optimizer: { [one!]: initial.optimizer[one!]!, [two!]: short } }),
      invalid,
    )
    await t.throwsAsync(trainer.adopt(short, 3), invalid)
    t.deepEqual(copyOf(await trainer.save()), initial)
  })

  serial('an idle trainer answers whoever asks right after an answer', async (t, trainer) => {
    const into = sharedFloats(4)
    // Between the end of one task and the next there is a gap of a few microtasks, in each of which somebody may ask.
    for (let depth = 0; depth < 8; depth++) {
      let ask: () => Promise<unknown> = () => trainer.snapshot(0, into)
      for (let i = 0; i < depth; i++) {
        const inner = ask
        ask = async () => await inner()
      }
      await ask()
      t.deepEqual(await trainer.snapshot(0, into), { step: 0 })
    }
  })

  once(
    'an evaluation that was cancelled ends early and leaves the trainer at work',
    { validationBatches: 5000 }, // seconds of work: the cancellation comes in time however slowly it travels
    async (t, trainer) => {
      const given = new AbortController()
      const evaluation = t.throwsAsync(trainer.evaluate(given.signal))
      given.abort(new MurmurError({ code: 'CANCELLED', message: 'given up' }))
      t.is(((await evaluation) as MurmurError).code, 'CANCELLED')
      t.is((await train(trainer, 2)).length, 2)
    },
  )

  once(
    'a diverging loss is VALUES_INVALID',
    { gradientClip: 0, optimizer: { kind: 'sgd', learningRate: 1e30, momentum: 0 } },
    async (t, trainer) => {
      const error = await t.throwsAsync(train(trainer, 50), { code: 'VALUES_INVALID', message: /learning rate/ })
      const { step } = await trainer.save()
      t.like(error, { details: { step: step + 1 } })
    },
  )

  once(
    'closed in the middle of a run: the run ends, what was asked for is answered, then all is refused',
    {},
    async (t, trainer) => {
      const closing = Promise.withResolvers<void>()
      const asked: Promise<unknown>[] = []
      const run = trainer.run(
        1_000_000,
        ({ step }) => {
          if (step !== 3) return
          asked.push(trainer.evaluate(), trainer.save())
          closing.resolve(trainer.close())
          asked.push(t.throwsAsync(trainer.evaluate(), { code: 'TRAINER_FAILED' }))
        },
        never,
      )
      await closing.promise
      await run
      await Promise.all(asked)
      await trainer.close()
      await t.throwsAsync(trainer.save(), { code: 'TRAINER_FAILED', message: /closed/ })
      await t.throwsAsync(
        trainer.run(9, () => {}, never),
        { code: 'TRAINER_FAILED' },
      )
    },
  )

  once(
    'an MLP on images, by SGD with momentum, learns and continues bit for bit',
    tinyImagesConfig(folder),
    async (t, trainer) => {
      const { loss } = await trainer.evaluate()
      await train(trainer, 10)
      const half = copyOf(await trainer.save())
      t.deepEqual(Object.keys(half.optimizer), ['momentum'])
      const reports = await train(trainer, 20)
      t.true((await trainer.evaluate()).loss < loss)
      const whole = copyOf(await trainer.save())
      await trainer.restore(half)
      t.deepEqual(figures(await train(trainer, 20)), figures(reports))
      t.deepEqual(copyOf(await trainer.save()), whole)
    },
  )

  test.serial(`${name}: a missing corpus is refused`, async t => {
    const data = { ...config.data, paths: ['/nowhere/text.txt'] } as TrainerConfig['data']
    await t.throwsAsync(make({ ...config, data }), { code: 'CORPUS_MISSING' })
  })
}

import { dtypeOf, type KernelRule, type KernelRules, scalarLike } from './rule.ts'

/** tfjs kernels that are one operator on one input. */
const unary: Readonly<Record<string, string>> = {
  Abs: 'Abs',
  Acos: 'Acos',
  Acosh: 'Acosh',
  Asin: 'Asin',
  Asinh: 'Asinh',
  Atan: 'Atan',
  Atanh: 'Atanh',
  Ceil: 'Ceil',
  Cos: 'Cos',
  Cosh: 'Cosh',
  Elu: 'Elu',
  Erf: 'Erf',
  Exp: 'Exp',
  Floor: 'Floor',
  Identity: 'Identity',
  IsInf: 'IsInf',
  IsNan: 'IsNaN',
  Log: 'Log',
  LogicalNot: 'Not',
  Neg: 'Neg',
  Reciprocal: 'Reciprocal',
  Relu: 'Relu',
  Round: 'Round',
  Selu: 'Selu',
  Sigmoid: 'Sigmoid',
  Sign: 'Sign',
  Sin: 'Sin',
  Sinh: 'Sinh',
  Softplus: 'Softplus',
  Sqrt: 'Sqrt',
  Tan: 'Tan',
  Tanh: 'Tanh',
}

/** tfjs kernels that are one operator on inputs `a` and `b`, broadcast. */
const binary: Readonly<Record<string, string>> = {
  Add: 'Add',
  BitwiseAnd: 'BitwiseAnd',
  Equal: 'Equal',
  Greater: 'Greater',
  GreaterEqual: 'GreaterOrEqual',
  Less: 'Less',
  LessEqual: 'LessOrEqual',
  LogicalAnd: 'And',
  LogicalOr: 'Or',
  Maximum: 'Max',
  Minimum: 'Min',
  Multiply: 'Mul',
  Pow: 'Pow',
  RealDiv: 'Div',
  Sub: 'Sub',
}

const compound: KernelRules = {
  AddN: (build, inputs) => Object.values(inputs).reduce((sum, value) => build.add('Add', [sum, value])),
  Atan2: (build, { a: y, b }) => {
    const zero = scalarLike(build, 0, b!)
    const x = build.add('Where', [build.add('Equal', [b!, zero]), zero, b!]) // which may have been -0
    const angle = build.add('Atan', [build.add('Div', [y!, x])])
    const origin = build.add('And', [build.add('Equal', [x, zero]), build.add('Equal', [y!, zero])])
    const half = build.add('Where', [origin, zero, angle])
    const below = build.add('Less', [y!, zero])
    const turn = build.add('Where', [below, scalarLike(build, -Math.PI, x), scalarLike(build, Math.PI, x)])
    return build.add('Where', [build.add('Less', [x, zero]), build.add('Add', [half, turn]), half])
  },
  Cast: (build, { x }, { dtype }) => (x!.dtype === dtype ? x! : build.add('Cast', [x!], { to: dtypeOf(dtype) })),
  ClipByValue: (build, { x }, { clipValueMin, clipValueMax }) => {
    const floor = build.add('Max', [x!, scalarLike(build, Number(clipValueMin), x!)])
    return build.add('Min', [floor, scalarLike(build, Number(clipValueMax), x!)])
  },
  EluGrad: (build, { dy, y }) => {
    const slope = build.add('Add', [y!, scalarLike(build, 1, y!)])
    const positive = build.add('GreaterOrEqual', [y!, scalarLike(build, 0, y!)])
    return build.add('Where', [positive, dy!, build.add('Mul', [dy!, slope])])
  },
  Expm1: (build, { x }) => build.add('Sub', [build.add('Exp', [x!]), scalarLike(build, 1, x!)]),
  IsFinite: (build, { x }) => build.add('Equal', [build.add('Sub', [x!, x!]), scalarLike(build, 0, x!)]),
  LeakyRelu: (build, { x }, { alpha }) => build.add('LeakyRelu', [x!], { alpha: Number(alpha) }),
  Log1p: (build, { x }) => build.add('Log', [build.add('Add', [x!, scalarLike(build, 1, x!)])]),
  NotEqual: (build, { a, b }) => build.add('Not', [build.add('Equal', [a!, b!])]),
  OnesLike: (build, { x }) => build.fill(1, x!),
  Prelu: (build, { x, alpha }) => {
    const zero = scalarLike(build, 0, x!)
    const negative = build.add('Mul', [build.add('Min', [x!, zero]), alpha!])
    return build.add('Add', [build.add('Max', [x!, zero]), negative])
  },
  Relu6: (build, { x }) => build.add('Min', [build.add('Relu', [x!]), scalarLike(build, 6, x!)]),
  Rsqrt: (build, { x }) => build.add('Reciprocal', [build.add('Sqrt', [x!])]),
  Select: (build, { condition, t, e }) => build.add('Where', [condition!, t!, e!]),
  Square: (build, { x }) => build.add('Mul', [x!, x!]),
  SquaredDifference: (build, { a, b }) => {
    const difference = build.add('Sub', [a!, b!])
    return build.add('Mul', [difference, difference])
  },
  Step: (build, { x }, { alpha }) => {
    const above = build.add('Greater', [x!, scalarLike(build, 0, x!)])
    // The gradient of a rectifier: a cast takes a quarter of the time of a choice between two numbers.
    if (!alpha) return build.add('Cast', [above], { to: x!.dtype })
    const one = scalarLike(build, 1, x!)
    return build.add('Where', [above, one, scalarLike(build, Number(alpha ?? 0), x!)])
  },
  ZerosLike: (build, { x }) => build.fill(0, x!),
}

const unaryRule =
  (op: string): KernelRule =>
  (build, inputs) =>
    build.add(op, [(inputs.x ?? inputs.input)!])

const binaryRule =
  (op: string): KernelRule =>
  (build, { a, b }) =>
    build.add(op, [a!, b!])

const mapValues = (table: Readonly<Record<string, string>>, rule: (op: string) => KernelRule): KernelRules =>
  Object.fromEntries(Object.entries(table).map(([kernel, op]) => [kernel, rule(op)]))

export const elementwiseKernels: KernelRules = {
  ...mapValues(unary, unaryRule),
  ...mapValues(binary, binaryRule),
  ...compound,
}

import { sizeOf } from '../graph.ts'
import { axesOf, dtypeOf, expandTo, integers, type KernelRules, listOf } from './rule.ts'

/** A list of sizes that may hold one -1: whatever is left. */
function resolve(sizes: readonly number[], total: number, combine: (known: number[]) => number): number[] {
  const left = combine(sizes.filter(size => size !== -1))
  return sizes.map(size => (size === -1 ? total - left : size))
}

const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0)

export const shapingKernels: KernelRules = {
  Concat: (build, inputs, { axis }) => {
    const parts = Object.values(inputs)
    return build.add('Concat', parts, { axis: axesOf(axis, parts[0]!.shape.length)[0]! })
  },
  ExpandDims: (build, { input }, { dim }) => {
    const axis = axesOf(dim, input!.shape.length + 1)[0]!
    return build.reshape(input!, input!.shape.toSpliced(axis, 0, 1))
  },
  Fill: (build, _, { shape, value, dtype }) =>
    build.fill(Number(value), { shape: integers(shape), dtype: dtypeOf(dtype ?? 'float32') }),
  LinSpace: (build, _, { start, stop, num }) => {
    const [from, to, length] = [Number(start), Number(stop), Number(num)]
    const step = length > 1 ? (to - from) / (length - 1) : 0
    return listOf(
      build,
      Float32Array.from({ length }, (_, i) => from + i * step),
      [length],
    )
  },
  Pack: (build, inputs, { axis }) => {
    const parts = Object.values(inputs)
    const at = axesOf(axis, parts[0]!.shape.length + 1)[0]!
    const slabs = parts.map(part => build.reshape(part, part.shape.toSpliced(at, 0, 1)))
    return build.add('Concat', slabs, { axis: at })
  },
  PadV2: (build, { x }, { paddings, constantValue }) => {
    const pairs = paddings as readonly (readonly [number, number])[]
    return build.add('Pad', [x!], {
      before: pairs.map(([before]) => before),
      after: pairs.map(([, after]) => after),
      value: Number(constantValue ?? 0),
    })
  },
  Range: (build, _, { start, stop, step, dtype }) => {
    const [from, to, by] = [Number(start), Number(stop), Number(step)]
    const length = Math.max(0, Math.ceil((to - from) / by))
    const values = Array.from({ length }, (_, i) => from + i * by)
    return listOf(build, dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values), [length])
  },
  Reshape: (build, { x }, { shape }) => {
    const wanted = integers(shape)
    const known = sizeOf(wanted.filter(size => size !== -1))
    return build.reshape(
      x!,
      wanted.map(size => (size === -1 ? sizeOf(x!.shape) / known : size)),
    )
  },
  Slice: (build, { x }, { begin, size }) => {
    const starts = [begin].flat().map(Number)
    const given = [size].flat().map(Number)
    const sizes = x!.shape.map((length, axis) =>
      (given[axis] ?? -1) < 0 ? length - (starts[axis] ?? 0) : given[axis]!,
    )
    return build.add('Slice', [x!], {
      starts: x!.shape.map((_, axis) => starts[axis] ?? 0),
      sizes,
      steps: x!.shape.map(() => 1),
    })
  },
  SplitV: (build, { x }, { numOrSizeSplits, axis }) => {
    const at = axesOf(axis, x!.shape.length)[0]!
    const total = x!.shape[at]!
    const sizes = Array.isArray(numOrSizeSplits)
      ? resolve(numOrSizeSplits as number[], total, sum)
      : Array.from({ length: Number(numOrSizeSplits) }, () => total / Number(numOrSizeSplits))
    return build.addMany('Split', [x!], { axis: at, sizes })
  },
  Tile: (build, { x }, { reps }) => {
    const repeats = integers(reps)
    const shape = x!.shape.map((size, axis) => size * repeats[axis]!)
    const expands = x!.shape.every((size, axis) => size === 1 || repeats[axis] === 1)
    return expands ? expandTo(build, x!, shape) : build.add('Tile', [x!], { repeats })
  },
  Transpose: (build, { x }, { perm }) => build.add('Transpose', [x!], { order: integers(perm) }),
  Unpack: (build, { value }, { axis }) => {
    const at = axesOf(axis, value!.shape.length)[0]!
    const sizes = Array.from({ length: value!.shape[at]! }, () => 1)
    const slabs = build.addMany('Split', [value!], { axis: at, sizes })
    return slabs.map(slab => build.reshape(slab, slab.shape.toSpliced(at, 1)))
  },
}

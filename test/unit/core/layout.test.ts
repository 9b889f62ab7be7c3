import test from 'ava'
import { layoutParameters, type TensorSpec } from '../../../src/core/layout.ts'
import { random } from '../../../src/core/random.ts'

test('tensors lie end to end in the order of their groups', t => {
  const layout = layoutParameters([
    { name: 'head', shape: [2, 3], group: 2 },
    { name: 'embedding', shape: [5], group: 0 },
    { name: 'scale', shape: [], group: 0 },
  ])
  t.deepEqual(
    layout.tensors.map(({ name, offset, length }) => [name, offset, length]),
    [
      ['embedding', 0, 5],
      ['scale', 5, 1],
      ['head', 6, 6],
    ],
  )
  t.is(layout.length, 12)
  t.deepEqual(layout.shards, [{ name: 'shard-0', offset: 0, length: 12 }])
})

test('shards of equal groups are equal', t => {
  const specs = Array.from({ length: 8 }, (_, group) => ({ name: `t${group}`, shape: [10], group }))
  t.deepEqual(
    layoutParameters(specs, 4).shards.map(({ offset, length }) => [offset, length]),
    [
      [0, 20],
      [20, 20],
      [40, 20],
      [60, 20],
    ],
  )
})

test('shards cover the vector once, end at group borders, and are never more than groups', t => {
  const stream = random('layout')
  for (let round = 0; round < 300; round++) {
    const specs: TensorSpec[] = Array.from({ length: 1 + stream.integer(12) }, (_, i) => ({
      name: `t${i}`,
      shape: [1 + stream.integer(50), 1 + stream.integer(4)],
      group: stream.integer(6),
    }))
    const count = 1 + stream.integer(8)
    const { tensors, shards, length } = layoutParameters(specs, count)
    const groups = new Set(specs.map(({ group }) => group)).size
    t.is(shards.length, Math.min(count, groups))
    t.is(new Set(shards.map(({ name }) => name)).size, shards.length)
    let end = 0
    for (const shard of shards) {
      t.is(shard.offset, end)
      t.true(shard.length > 0)
      end += shard.length
      const inside = tensors.filter(({ offset }) => offset >= shard.offset && offset < end)
      t.true(inside.every(tensor => tensor.offset + tensor.length <= end))
      const outside = tensors.filter(tensor => !inside.includes(tensor))
      for (const { group } of outside) t.false(inside.some(tensor => tensor.group === group))
    }
    t.is(end, length)
  }
})

import test from 'ava'
import { backendMark, ringOf } from '../../../../../src/dashboard/page/graph/marks.ts'
import { nearestPoint, nearestSegment, neighbour } from '../../../../../src/dashboard/page/graph/nearest.ts'
import {
  domainOf,
  LEVELS,
  levelOf,
  radiusOf,
  rampColours,
  UNKNOWN,
} from '../../../../../src/dashboard/page/graph/scales.ts'
import { bounds, fitBox, zoomAt } from '../../../../../src/dashboard/page/graph/viewport.ts'

test('levels rise with the value, and what is no number has none', t => {
  const domain = domainOf([3, null, 1, Number.NaN, 2])!
  t.deepEqual(domain, { low: 1, high: 3 })
  t.deepEqual(
    [1, 2, 3].map(value => levelOf(value, domain)),
    [0, Math.round((LEVELS - 1) / 2), LEVELS - 1],
  )
  t.deepEqual([levelOf(null, domain), levelOf(Number.NaN, domain), levelOf(1, undefined)], [UNKNOWN, UNKNOWN, UNKNOWN])
  t.is(levelOf(5, { low: 5, high: 5 }), LEVELS / 2)
  t.is(domainOf([null, Number.NaN]), undefined)
})

test('a disc has twice the added area at twice the throughput', t => {
  const area = (throughput: number) => radiusOf(throughput, 100) ** 2 - radiusOf(0, 100) ** 2
  t.true(Math.abs(area(100) / area(50) - 2) < 1e-9)
  t.is(radiusOf(null, 100), radiusOf(0, 100))
  t.is(radiusOf(5, 0), radiusOf(0, 0))
})

test('the ramp begins and ends at its stops', t => {
  const colours = rampColours(['rgb(0, 0, 0)', 'rgb(100, 0, 0)', 'rgb(100, 200, 50)'])
  t.is(colours.length, LEVELS)
  t.is(colours[0], 'rgb(0 0 0)')
  t.is(colours.at(-1), 'rgb(100 200 50)')
})

test('the ring tells hosted shards, in at most 16 segments', t => {
  t.is(ringOf(['a', 'b'], ['a', 'b']), '1')
  t.is(ringOf(['b'], ['a', 'b', 'c']), '010')
  t.is(ringOf([], ['a', 'b']), '0')
  t.is(ringOf([], []), '0')
  const many = Array.from({ length: 64 }, (_, i) => `s${i}`)
  t.is(ringOf(many.slice(0, 32), many), '1111111100000000')
  t.is(ringOf(many.slice(0, 33), many), '1111111100000000', 'a segment is full when all of its shards are hosted')
})

test('backends have letters, with and without what runs them', t => {
  t.deepEqual(['onnx-cpu', 'cpu', 'onnx-webgpu', 'quantum', ''].map(backendMark), ['C', 'C', 'G', 'Q', ''])
})

test('the nearest within reach, and the next in a direction', t => {
  const points = [
    { x: 0, y: 0 },
    { x: 10, y: 1 },
    { x: 5, y: 30 },
    { x: -4, y: 0 },
  ]
  t.is(nearestPoint(points, 8, 0, 5), points[1])
  t.is(nearestPoint(points, 100, 100, 5), undefined)
  t.is(neighbour(points, points[0]!, 'right'), points[1])
  t.is(neighbour(points, points[0]!, 'left'), points[3])
  t.is(neighbour(points, points[0]!, 'down'), points[2])
  t.is(neighbour(points, points[0]!, 'up'), undefined)
  const segments = [{ source: points[0]!, target: points[2]! }]
  t.is(nearestSegment(segments, 3, 15, 2), segments[0])
  t.is(nearestSegment(segments, 5, 40, 2), undefined, 'beyond its end')
})

test('zooming keeps the point under the pointer; fitting keeps all in sight', t => {
  const before = { scale: 1, x: 30, y: -20 }
  const after = zoomAt(before, 2, 100, 50)
  t.is((100 - before.x) / before.scale, (100 - after.x) / after.scale)
  t.is((50 - before.y) / before.scale, (50 - after.y) / after.scale)
  const box = bounds([
    { x: -300, y: 0 },
    { x: 100, y: 50 },
  ])
  const view = fitBox(box, { width: 500, height: 400 }, 50, 4)
  t.is(view.scale, 1)
  t.is(box.left * view.scale + view.x, 50)
  t.is(box.right * view.scale + view.x, 450)
  t.is(fitBox(bounds([{ x: 7, y: 7 }]), { width: 500, height: 400 }, 50, 2).scale, 2)
})

import test from 'ava'
import { random } from '../../../../src/core/random.ts'
import { virtualTime } from '../../../../src/core/virtual-time.ts'
import { createFlows } from '../../../../src/network/simulation/flows.ts'
import { createLinks } from '../../../../src/network/simulation/links.ts'

/** 8 Mb/s up and 16 Mb/s down are 1000 and 2000 bytes a millisecond. */
const flowsOf = (up = 8, down = 16) => {
  const time = virtualTime()
  return { time, flows: createFlows(time, createLinks({ kind: 'uniform', up, down }, [], random('links'))) }
}

const near = (a: number, b: number) => Math.abs(a - b) < 1e-9 * Math.max(1, b)

test('flows share the narrower of both ends, anew whenever one begins or ends', async t => {
  const { time, flows } = flowsOf(8, 8)
  const ends: Record<string, number> = {}
  const send = (from: string, to: string, bytes: number) => {
    const flow = flows.start(from, to, bytes, () => {
      flow.stop()
      ends[`${from}${to}`] = time.now()
    })
    return flow
  }
  // Two into x: half the rate each. When the shorter one has ended, the other has it all.
  send('a', 'x', 10_000)
  send('b', 'x', 30_000)
  // Apart from them.
  send('c', 'y', 10_000)
  await time.run(time.sleep(100))
  t.true(near(ends.cy!, 10), `${ends.cy}`)
  t.true(near(ends.ax!, 20), `${ends.ax}`)
  t.true(near(ends.bx!, 40), `${ends.bx}`)
})

test('a flow that begins later, is made longer or is stopped changes the parts of the rest at that moment', async t => {
  const { time, flows } = flowsOf()
  const ends: number[] = []
  const first = flows.start('a', 'x', 10_000, () => {
    ends.push(time.now())
    first.stop()
  })
  await time.run(time.sleep(4)) // 6,000 left
  const second = flows.start('a', 'y', 1e6, () => t.fail())
  await time.run(time.sleep(4)) // 4,000 left
  second.stop()
  t.is(flows.share('a', 'z'), 500)
  first.extend(1000)
  await time.run(time.sleep(100))
  t.true(near(ends[0]!, 13), `${ends}`)
  t.is(time.events, 4)
})

test('three into one peer and two out of one: min(up/out, down/in)', async t => {
  const { time, flows } = flowsOf()
  const ends: Record<string, number> = {}
  for (const [from, to] of ['ax', 'bx', 'cx', 'ay']) {
    const flow = flows.start(from!, to!, 6000, () => {
      ends[from! + to!] = time.now()
      flow.stop()
    })
  }
  await time.run(time.sleep(100))
  // a sends twice: 500 each, until both end at 12. b and c: 2000 / 3 each, for 9 ms.
  for (const [flow, at] of Object.entries({ ax: 12, bx: 9, cx: 9, ay: 12 })) t.true(near(ends[flow]!, at), flow)
})

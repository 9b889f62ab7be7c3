import test from 'ava'
import { singleFlight } from '../../../src/core/single-flight.ts'

test('one runs at a time; what is asked for meanwhile is dropped', async t => {
  const flights: PromiseWithResolvers<void>[] = []
  const flight = singleFlight(() => {
    const under = Promise.withResolvers<void>()
    flights.push(under)
    return under.promise
  })
  await flight.idle()
  t.is(flights.length, 0)
  flight.start()
  flight.start()
  t.is(flights.length, 1)
  let idle = false
  const waiting = flight.idle().then(() => {
    idle = true
  })
  await new Promise(setImmediate)
  t.false(idle)
  flights[0]!.resolve()
  await waiting
  t.is(flights.length, 1)
  flight.start()
  t.is(flights.length, 2)
  flights[1]!.resolve()
  await flight.idle()
})

test('whoever waited until it is idle can start it', async t => {
  let runs = 0
  const flight = singleFlight(async () => {
    runs++
  })
  for (let i = 1; i <= 5; i++) {
    flight.start()
    await flight.idle()
    t.is(runs, i)
  }
})

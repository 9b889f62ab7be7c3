import test from 'ava'
import { eventQueue, type PlannedEvent } from '../../../src/core/event-queue.ts'
import { random } from '../../../src/core/random.ts'

test('events leave by time, then by sequence, whatever was removed from the middle', t => {
  const stream = random('events')
  const queue = eventQueue()
  const held: PlannedEvent[] = []
  let sequence = 0
  for (let round = 0; round < 3000; round++) {
    const action = stream.next()
    if (action < 0.6) {
      const event = { at: stream.integer(50), sequence: sequence++, task: () => {}, place: -1 }
      held.push(event)
      queue.push(event)
    } else if (action < 0.8 && held.length > 0) {
      const [removed] = held.splice(stream.integer(held.length), 1)
      queue.remove(removed!)
      queue.remove(removed!) // once more does nothing
    } else {
      held.sort((a, b) => a.at - b.at || a.sequence - b.sequence)
      t.is(queue.pop(), held.shift())
    }
    t.is(queue.size, held.length)
  }
})

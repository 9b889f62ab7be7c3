import { parentPort, workerData } from 'node:worker_threads'
import { createArena, simdFor, type VectorLocation } from '../../src/core/arena.ts'

/** Another thread of an arena: adds 1 to the vector it is told, and answers with a new one of as many twos. */
const arena = createArena(workerData)
parentPort?.once('message', (location: VectorLocation) => {
  const vector = arena.at(location)
  for (let i = 0; i < vector.length; i++) vector[i] = vector[i]! + 1
  const answer = arena.floats(vector.length).fill(2)
  parentPort?.postMessage({ location: arena.locate(answer), together: simdFor(0, vector, answer) !== undefined })
})

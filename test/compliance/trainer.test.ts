import test from 'ava'
import { buildTrainer } from '../../src/compute/trainer/build-trainer.ts'
import { workerTrainer } from '../../src/compute/trainer/worker-trainer.ts'
import { trainerSuite } from './trainer.ts'

trainerSuite(test, 'in this thread', buildTrainer)
trainerSuite(test, 'in a worker', workerTrainer)

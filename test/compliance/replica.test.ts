import test from 'ava'
import { hostReplicaOn, replicaSuite } from './replica.ts'

replicaSuite(test, 'on the host', hostReplicaOn('cpu'), { reference: hostReplicaOn('cpu'), tolerance: 0 })

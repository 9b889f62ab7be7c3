import { codecs } from '../../src/exchange/compression/codecs.ts'
import { codecSuite } from './codec.ts'

codecSuite('float32', codecs.float32, { bytesPerValue: 4 })
codecSuite('int8', codecs.int8, { bytesPerValue: 1.016 })

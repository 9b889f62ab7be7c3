import { codecs } from '../../src/exchange/compression/codecs.ts'
import { codecSuite } from './codec.ts'

codecSuite('float32', codecs.float32, { bytesPerValue: 4 })
codecSuite('int8', codecs.int8, { bytesPerValue: 1.016 })
codecSuite('float16', codecs.float16, { bytesPerValue: 2.016 })
codecSuite('int4', codecs.int4, { bytesPerValue: 0.5625 })

import test from 'ava'
import { streamAddress } from '../../../../src/dashboard/page/stream-address.ts'

test('a stream that broke goes on where it was', t => {
  t.is(streamAddress({}, ''), '/api/stream')
  t.is(streamAddress({}, '0a1b.3.4.1700'), '/api/stream?since=0a1b.3.4.1700')
  t.is(streamAddress({ at: 1000.4, speed: 4 }, ''), '/api/stream?at=1000&speed=4')
  t.is(streamAddress({ at: 5000, speed: 4 }, 'replay.5000'), '/api/stream?at=5000&speed=4')
  t.is(
    streamAddress({ at: 9000, speed: 4 }, '0a1b.3.4.9000'),
    '/api/stream?since=0a1b.3.4.9000',
    'it had reached the end, and followed',
  )
})

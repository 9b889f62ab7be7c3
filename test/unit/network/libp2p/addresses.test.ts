import { multiaddr } from '@multiformats/multiaddr'
import test from 'ava'
import {
  furthestFirst,
  MAX_ADDRESSES,
  parseInvitation,
  parseOwnAddress,
  usableAddresses,
} from '../../../../src/network/libp2p/addresses.ts'

const PEER = '12D3KooWDMBkWTkUtTLtWU5pCJdUH4vbQtvnv9UJNkGBQrTtKmCv'
const RELAY = '12D3KooWAKRfqrh34b88NBpFGTDZMfJTqTwXG5oRkunxapBqA1zc'

test('an invitation names an address and its peer, through a relay too', t => {
  t.is(parseInvitation(`/ip4/192.0.2.1/tcp/4001/p2p/${PEER}`).peer, PEER)
  t.is(parseInvitation(`/dns4/relay.example.org/tcp/1/p2p/${RELAY}/p2p-circuit/p2p/${PEER}`).peer, PEER)
})

test('a malformed invitation is shown, with what was expected', t => {
  for (const text of [
    '',
    '/',
    'hello',
    '/ip4/300.0.0.1/tcp/1',
    '/ip4/192.0.2.1/tcp/4001',
    '/ip4/192.0.2.1/tcp/4001/p2p/short',
    `/ip4/192.0.2.1/tcp/4001/p2p/${RELAY}/p2p-circuit`,
    `/ip4/192.0.2.1/tcp/1/p2p/${PEER}`.padEnd(300, '/tcp/1'),
  ]) {
    const error = t.throws(() => parseInvitation(text), { code: 'INVITATION_MALFORMED' }, text)
    t.regex(error?.message ?? '', /Expected an address such as/)
    t.true((error?.message.length ?? 0) < 500)
  }
  t.regex(t.throws(() => parseInvitation('/ip4/192.0.2.1/tcp/4001'))?.message ?? '', /names no peer/)
})

test('own addresses need no peer', t => {
  t.is(String(parseOwnAddress('/ip4/0.0.0.0/tcp/0', 'listen')), '/ip4/0.0.0.0/tcp/0')
  t.throws(() => parseOwnAddress('4001', 'announce'), { code: 'USAGE', message: /`announce`.*"4001"/ })
})

test('of what a remote claims, only its own addresses are used, and few', t => {
  const claims = [
    'nonsense',
    '/ip4/192.0.2.1/tcp/1',
    `/ip4/192.0.2.2/tcp/1/p2p/${PEER}`,
    `/ip4/192.0.2.3/tcp/1/p2p/${RELAY}`,
  ]
  t.deepEqual(usableAddresses(PEER, claims).map(String), [
    `/ip4/192.0.2.1/tcp/1/p2p/${PEER}`,
    `/ip4/192.0.2.2/tcp/1/p2p/${PEER}`,
  ])
  const many = Array.from({ length: 100 }, (_, i) => `/ip4/192.0.2.1/tcp/${i + 1}`)
  t.is(usableAddresses(PEER, many).length, MAX_ADDRESSES)
})

test('addresses that reach further come first', t => {
  const addresses = [
    `/ip4/198.51.100.7/tcp/1/p2p/${RELAY}/p2p-circuit/p2p/${PEER}`,
    `/ip4/127.0.0.1/tcp/1/p2p/${PEER}`,
    `/ip6/::1/tcp/1/p2p/${PEER}`,
    `/ip4/192.168.1.5/tcp/1/p2p/${PEER}`,
    `/ip4/8.8.8.8/tcp/1/p2p/${PEER}`,
    `/dns4/murmur.example.org/tcp/1/p2p/${PEER}`,
  ]
  t.deepEqual(
    furthestFirst(addresses.map(each => multiaddr(each))).map(each => addresses.indexOf(String(each))),
    [4, 5, 3, 1, 2, 0],
  )
})

import test from 'ava'
import { formatInvitation, parseInvitation } from '../../../src/peer/invitation.ts'

const address = '/ip4/192.0.2.1/tcp/4001/p2p/12D3KooWDMBkWTkUtTLtWU5pCJdUH4vbQtvnv9UJNkGBQrTtKmCv'
const run = '0123456789abcdef0123456789abcdef'

test('an invitation is read as it was written', t => {
  t.deepEqual(parseInvitation(formatInvitation(address, run)), { address, run })
  t.deepEqual(parseInvitation(`  ${address}\n`), { address, run: undefined })
})

test('what is no invitation is told what one looks like', t => {
  const malformed = [
    '',
    '#',
    'peer',
    run,
    `#${run}`,
    `${address}#`,
    `${address}#${run}#`,
    `${address}#${run.slice(1)}`,
    `${address}#${run.toUpperCase()}`,
    `${address}#${run}0`,
    'https://example.org/',
    `x${address}`,
    '\u0000/ip4',
  ]
  for (const invitation of malformed) {
    const error = t.throws(
      () => parseInvitation(invitation),
      { code: 'INVITATION_MALFORMED' },
      JSON.stringify(invitation),
    )
    t.false(error!.message.includes('\n'))
    t.deepEqual((error as unknown as { details: unknown }).details, { invitation })
  }
})

test('the error of an endless text has an end', t => {
  const { message } = t.throws(() => parseInvitation('x'.repeat(1e6)))!
  t.true(message.length < 1000)
})

import { createHash } from 'node:crypto'
import type { PeerId } from '../../network/transport.ts'
import type { WireFormat } from '../compression/wire-format.ts'
import type { Mailbox } from './mailbox.ts'
import type { Sent } from './ways.ts'

/** Peers that do something together, as one of them sees it: who, and letters between them. */
export interface Meeting {
  readonly round: number
  readonly self: PeerId
  /** Everybody, this peer included, in the order of their ids. */
  readonly members: readonly PeerId[]
  /**
   * @param part tells the letters from one member to another apart; the same on both sides
   * @param notes at most 4 integers that the receiver gets along with the values
   */
  send(to: PeerId, part: string, values: Float32Array, format: WireFormat, notes?: readonly number[]): Promise<void>
  /** Resolves with the notes. */
  receive(from: PeerId, part: string, into: Float32Array, format: WireFormat): Promise<readonly number[]>
  /** Waits for all; when one fails, ends the others before it fails too, so that no buffer is written any more. */
  all(tasks: readonly Promise<unknown>[]): Promise<void>
}

/**
 * @param over ends the meeting: what waits fails with the signal's reason
 * @param onSent called with each letter that left: to whom, and until when it is not known to have arrived
 */
export function meetingOf(
  mailbox: Mailbox,
  { round, self, members }: Pick<Meeting, 'round' | 'self' | 'members'>,
  over: AbortController,
  onSent: (to: PeerId, sent: Promise<Sent>) => void,
): Meeting {
  const group = createHash('sha256').update(members.join('\n')).digest('hex').slice(0, 32)
  const { signal } = over
  return {
    round,
    self,
    members,
    send: async (to, part, values, format, notes = []) => {
      const sent = mailbox.send(to, { round, group, part, format }, values, notes, signal)
      onSent(to, sent)
      await sent
    },
    receive: (from, part, into, format) => mailbox.receive(from, { round, group, part, format }, into, signal),
    all: async tasks => {
      try {
        await Promise.all(tasks)
      } catch (error) {
        over.abort(error)
        await Promise.allSettled(tasks)
        throw error
      }
    },
  }
}

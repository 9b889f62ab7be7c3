import { join as joinPath } from 'node:path'
import type { Command } from 'commander'
import { addCommand, type CommandContext, type Runner } from '../command.ts'
import { addDashboardOption, type DashboardOption } from '../dashboard-option.ts'
import { addPeerOptions, type PeerOptions, peerInit } from '../peer-options.ts'

export function addJoin(program: Command, run: Runner): void {
  const command = addCommand(program, {
    name: 'join',
    summary: 'join a run by its invitation and train',
    description:
      "Fetches the run's specification and the swarm's present parameters, then trains on a partition of its own data. Started again in the same directory, the peer continues.",
    examples: [
      ["murmur join '/ip4/192.0.2.1/tcp/4001/p2p/12D3Koo...#5f0c...'", 'what `murmur start` printed elsewhere'],
      ["murmur join '/ip4/192.0.2.1/tcp/4001/p2p/12D3Koo...' --data texts/", 'with text of your own'],
      [
        "murmur join '/ip4/192.0.2.1/tcp/4001/p2p/12D3Koo...' --model my-model.ts",
        "with the file of the run's own model",
      ],
    ],
  }).argument('<multiaddr>', "an invitation: a peer's or bootstrap node's address, and the run's id behind #")
  addDashboardOption(addPeerOptions(command)).action(run(join))
}

async function join(context: CommandContext, options: PeerOptions & DashboardOption, text: string): Promise<void> {
  const { parseInvitation } = await import('../../peer/invitation.ts')
  const { joinPeer } = await import('../../peer/launch.ts')
  const { showPeer } = await import('../peer-session.ts')
  const invitation = parseInvitation(text)
  const directory = joinPath('runs', invitation.run ?? `joined-${invitation.address.slice(-12)}`)
  await showPeer(
    context,
    hooks => joinPeer(invitation, { ...peerInit(options, directory), ...hooks }, context.signal),
    options,
  )
}

import type { Command } from 'commander'
import { MurmurError } from '../../core/errors.ts'
import { addCommand, type CommandContext, type Runner } from '../command.ts'
import type { Finding } from '../doctor/finding.ts'
import type { Paint, Style } from '../paint.ts'

export function addDoctor(program: Command, run: Runner): void {
  addCommand(program, {
    name: 'doctor',
    summary: 'say what this machine has to train with, and what to do about the rest',
    description: 'Exits with 0 unless training is impossible here.',
    examples: [
      ['murmur doctor', 'check Node, the compute backends, memory, disk and network'],
      ['murmur doctor --json | jq .findings', 'the same for a program'],
    ],
  }).action(run(doctor))
}

async function doctor({ output, signal }: CommandContext): Promise<void> {
  const probes = await Promise.all([
    import('../doctor/node.ts').then(({ probeNode }) => probeNode(signal)),
    import('../doctor/backends.ts').then(({ probeCompute }) => probeCompute(signal)),
    import('../doctor/machine.ts').then(({ probeMachine }) => probeMachine(signal)),
    import('../doctor/network.ts').then(({ probeNetwork }) => probeNetwork(signal)),
  ])
  const findings = probes.flat()
  const broken = findings.filter(({ status, essential }) => essential && status !== 'ok')
  output.result({ trainingPossible: broken.length === 0, findings }, () => render(findings, output.paint))
  if (broken.length > 0) {
    const names = broken.map(({ name }) => name).join(', ')
    throw new MurmurError({ code: 'BACKEND_UNAVAILABLE', message: `Training is impossible here: ${names}` })
  }
}

const marks: Record<Finding['status'], { mark: string; style: Style }> = {
  ok: { mark: 'ok', style: 'good' },
  missing: { mark: 'missing', style: 'faint' },
  problem: { mark: 'problem', style: 'bad' },
}

/** One line a finding, and one under it for what to do. */
function render(findings: readonly Finding[], paint: Paint): string {
  return findings
    .flatMap(({ name, status, found, remedy }) => {
      const { mark, style } = marks[status]
      const line = `${paint(mark.padEnd(8), style)} ${paint(name.padEnd(14), 'strong')} ${found}`
      return remedy ? [line, `${' '.repeat(24)}${paint(`-> ${remedy}`, 'accent')}`] : [line]
    })
    .join('\n')
}

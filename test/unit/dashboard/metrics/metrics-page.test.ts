import { readFile } from 'node:fs/promises'
import test from 'ava'
import { Registry } from 'prom-client'
import { parse } from 'yaml'
import { systemClock } from '../../../../src/core/clock.ts'
import { metricsPage } from '../../../../src/dashboard/metrics/metrics-page.ts'
import { heardSource } from '../../../../src/dashboard/sources/heard-source.ts'
import { runView } from '../../../../src/dashboard/view/run-view.ts'
import { merged, swarmEvents } from '../../../support/swarm-events.ts'

const SAMPLE = /^([a-z_:][\w:]*)(?:\{((?:[a-z_]\w*="(?:[^"\\\n]|\\.)*",?)*)\})? (-?[\d.e+-]+|NaN|[+-]Inf)$/i

/** Names of the samples, and the kinds that were declared. @throws if a line is neither sample nor comment */
function parsed(text: string): { samples: Map<string, number>; kinds: Map<string, string> } {
  const samples = new Map<string, number>()
  const kinds = new Map<string, string>()
  for (const line of text.split('\n')) {
    const kind = /^# TYPE (\S+) (\S+)$/.exec(line)
    if (kind) {
      if (kinds.has(kind[1]!)) throw new Error(`Declared twice: ${line}`)
      kinds.set(kind[1]!, kind[2]!)
    }
    if (line === '' || line.startsWith('#')) continue
    const sample = SAMPLE.exec(line)
    if (!sample) throw new Error(`Neither sample nor comment: ${line}`)
    samples.set(`${sample[1]}{${sample[2] ?? ''}}`, Number(sample[3]))
  }
  return { samples, kinds }
}

async function metrics(): Promise<ReturnType<typeof parsed>> {
  const source = heardSource({ clock: systemClock }, { kind: 'local', name: 'test' })
  for (const event of merged(swarmEvents('metrics', { peers: 3, steps: 30 }))) source.write(event)
  source.end()
  return parsed(await metricsPage(new Registry()).text(runView({ clock: systemClock, source }, { version: 'test' })))
}

test('metrics are in the text format, each declared once, and tell what the state tells', async t => {
  const { samples, kinds } = await metrics()
  t.is(samples.get('murmur_swarm_peers{presence="departed"}'), 1)
  t.is(samples.get('murmur_swarm_steps{}'), 30)
  t.is(samples.get('murmur_swarm_tokens_total{}'), 3 * 30 * 64)
  t.is(kinds.get('murmur_swarm_tokens_total'), 'counter')
  t.is(kinds.get('murmur_peer_loss_nats'), 'gauge')
  t.true([...kinds.keys()].some(name => name.startsWith('murmur_dashboard_process_')))
})

test('docs/metrics.md lists these metrics, and the rules and the Grafana dashboard use no other', async t => {
  const { kinds } = await metrics()
  const names = new Set([...kinds.keys()].filter(name => /^murmur_(swarm|peer|alerts)/.test(name)))
  const docs = (file: string) => readFile(new URL(`../../../../docs/${file}`, import.meta.url), 'utf8')
  const listed = Array.from(
    (await docs('metrics.md')).matchAll(/^\| `(murmur_(?:swarm|peer|alerts)\w*)`/gm),
    match => match[1]!,
  )
  const optional = ['murmur_alerts', 'murmur_peer_memory_resident_bytes', 'murmur_peer_memory_used_ratio']
  for (const name of names) t.true(listed.includes(name), name)
  t.deepEqual([...new Set([...names, ...optional])].sort(), listed.toSorted())
  const used = (text: string) => Array.from(text.matchAll(/\bmurmur_(?:swarm|peer|alerts)\w*/g), match => match[0])
  const rules = await docs('prometheus-alerts.yaml')
  const grafana = await docs('grafana-dashboard.json')
  for (const name of [...used(rules), ...used(grafana)]) t.true(listed.includes(name), name)
  const { groups } = parse(rules) as { groups: { name: string; rules: Record<string, unknown>[] }[] }
  t.true(
    groups.every(group => group.rules.every(rule => typeof rule.alert === 'string' && typeof rule.expr === 'string')),
  )
  const { panels } = JSON.parse(grafana) as { panels: { title: string; targets: { expr: string }[] }[] }
  t.true(panels.every(({ title, targets }) => title !== '' && targets.every(({ expr }) => expr !== '')))
})

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../../../src/core/clock.ts'
import { isErrorCode } from '../../../../src/core/errors.ts'
import { createDashboard } from '../../../../src/dashboard/server/server.ts'
import { heardSource } from '../../../../src/dashboard/sources/heard-source.ts'
import { dashboardUnderTest } from '../../../support/dashboard-requests.ts'
import { merged, swarmEvents } from '../../../support/swarm-events.ts'

const EVENTS = merged(swarmEvents('server', { peers: 3, steps: 40 }))

function filled() {
  const source = heardSource({ clock: systemClock }, { kind: 'local', name: 'test' })
  for (const event of EVENTS) source.write(event)
  return source
}

async function page(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'murmur-page-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const root = join(folder, 'page')
  await mkdir(join(root, 'graph'), { recursive: true })
  await mkdir(join(folder, 'node_modules', 'wanted', 'dist'), { recursive: true })
  await mkdir(join(folder, 'node_modules', 'other'), { recursive: true })
  await writeFile(join(folder, 'secret.ts'), 'secret')
  await writeFile(join(root, 'secret.txt'), 'secret')
  await symlink(join(folder, 'secret.ts'), join(root, 'link.ts'))
  await writeFile(join(folder, 'node_modules', 'wanted', 'dist', 'it.js'), 'export const it = 1')
  await writeFile(join(folder, 'node_modules', 'wanted', 'package.json'), '{}')
  await writeFile(join(folder, 'node_modules', 'other', 'it.js'), 'export const it = 1')
  await writeFile(join(root, 'main.ts'), 'const x: number = 1\nexport { x }\n')
  await writeFile(join(root, 'graph', 'style.css'), 'body {}')
  const map = '{"imports": {"wanted": "/modules/wanted/dist/it.js"}}'
  await writeFile(
    join(root, 'index.html'),
    `<!doctype html><script type="importmap">${map}</script><script type="module" src="main.ts"></script>`,
  )
  return root
}

test('the API answers with the shapes it promises', async t => {
  const { ask } = await dashboardUnderTest(t, filled())
  const run = JSON.parse((await ask('/api/run')).body)
  t.like(run, { version: 'test', mode: 'live', indexed: 1, from: EVENTS[0]!.time })
  const state = JSON.parse((await ask('/api/state')).body)
  t.is(state.peers.length, 3)
  t.is(state.edges.length, 3)
  const early = JSON.parse((await ask(`/api/state?at=${EVENTS[0]!.time + 5}`)).body)
  t.true(early.totals.step < state.totals.step)
  const [{ id }] = state.peers
  const detail = JSON.parse((await ask(`/api/peer?id=${id}`)).body)
  t.is(detail.peer.id, id)
  t.is(detail.edges.length, 2)
  const curves = JSON.parse((await ask('/api/curves')).body)
  t.is(curves.times.length, curves.swarm.loss.length)
  const exchanges = JSON.parse((await ask(`/api/exchanges?from=0&to=${run.to}&limit=5`)).body)
  t.is(exchanges.exchanges.length, 5)
  const feed = JSON.parse((await ask('/api/events?limit=2')).body)
  t.is(feed.entries.length, 2)
  t.true(feed.more)
})

test('what is asked for wrongly is refused with a reason', async t => {
  const { ask } = await dashboardUnderTest(t, filled())
  const cases: [path: string, status: number, code: string, method?: string][] = [
    ['/api/state?at=soon', 400, 'QUERY_INVALID'],
    ['/api/exchanges?from=5&to=1', 400, 'QUERY_INVALID'],
    ['/api/exchanges?from=0&to=1&limit=1000000', 400, 'QUERY_INVALID'],
    ['/api/stream?at=1&speed=0', 400, 'QUERY_INVALID'],
    ['/api/peer', 400, 'QUERY_INVALID'],
    ['/api/peer?id=nobody', 404, 'PEER_UNKNOWN'],
    ['/api/nothing', 404, 'NOT_FOUND'],
    ['/api/state', 405, 'METHOD_REFUSED', 'POST'],
    ['/healthz', 405, 'METHOD_REFUSED', 'DELETE'],
  ]
  for (const [path, status, code, method] of cases) {
    const reply = await ask(path, { method })
    t.is(reply.status, status, path)
    t.is(JSON.parse(reply.body).error.code, code, path)
  }
  t.is((await ask('/healthz')).body, '{"status":"ok"}')
  t.is((await ask('/api/state', { method: 'HEAD' })).body, '')
})

test('on loopback only names of this machine are answered, and no page of another site', async t => {
  const { ask, port } = await dashboardUnderTest(t, filled())
  for (const host of ['localhost', `127.0.0.1:${port}`, '[::1]:80', 'LOCALHOST:1']) {
    t.is((await ask('/api/run', { headers: { host } })).status, 200, host)
  }
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'localhost@evil.example',
    'localhost:80:80',
  ]) {
    t.is((await ask('/api/run', { headers: { host } })).status, 403, host)
  }
  t.is((await ask('/api/run', { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' } })).status, 403)
  t.is(
    (await ask('/api/run', { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' } })).status,
    200,
  )
})

test('elsewhere every request needs the token, in whatever form', async t => {
  const { ask, url, port } = await dashboardUnderTest(t, filled(), { host: '0.0.0.0', page: await page(t) })
  const token = new URL(url).searchParams.get('token')!
  t.true(token.length >= 43)
  for (const path of ['/', '/api/run', '/api/stream', '/metrics', '/healthz', '/nothing', '/?token=', '/?token=x']) {
    t.is((await ask(path)).status, 401, path)
  }
  t.is((await ask('/api/run', { headers: { cookie: `murmur-${port}=${token}x` } })).status, 401)
  t.is((await ask('/api/run', { headers: { cookie: `a=b; murmur-${port}=${token}` } })).status, 200)
  t.is((await ask('/api/run', { headers: { authorization: `Bearer ${token}` } })).status, 200)
  t.is((await ask(`/api/run?token=${token}`)).status, 200)
  const first = await ask(`/?token=${token}&peer=x`)
  t.is(first.status, 303)
  t.is(first.headers.location, '/?peer=x')
  t.regex(String(first.headers['set-cookie']), /HttpOnly; SameSite=Strict/)
  const away = await ask(`//evil.example/?token=${token}`)
  t.false(String(away.headers.location ?? '/').startsWith('//'))
})

test('the page is served with its types stripped, and nothing beside it', async t => {
  const { ask } = await dashboardUnderTest(t, filled(), { page: await page(t) })
  const index = await ask('/')
  t.is(index.status, 200)
  const policy = String(index.headers['content-security-policy'])
  t.regex(policy, /default-src 'none'; script-src 'self' 'sha256-[\w+/=]+';/)
  t.false(policy.includes('unsafe'))
  const main = await ask('/main.ts')
  t.regex(String(main.headers['content-type']), /^text\/javascript/)
  t.regex(main.body, /const x\s+= 1/)
  t.is((await ask('/graph/style.css')).status, 200)
  t.is((await ask('/modules/wanted/dist/it.js')).body, 'export const it = 1')
  t.is((await ask('/main.ts', { headers: { 'if-none-match': main.headers.etag! } })).status, 304)
  for (const path of [
    ...['/secret.txt', '/link.ts', '/modules/other/it.js', '/modules/wanted/package.json', '/modules/wanted/'],
    ...[
      '/../secret.ts',
      '/%2e%2e/secret.ts',
      '/..%2fsecret.ts',
      '/graph/../../secret.ts',
      '/modules/wanted/../other/it.js',
    ],
    ...['/modules/../../secret.ts', '/graph/..%5c..%5csecret.ts', '//secret.ts', '/main.ts%00', '/graph'],
  ]) {
    const { status } = await ask(path)
    t.true(status === 404 || status === 400, `${path}: ${status}`)
  }
  for (const path of ['/', '/main.ts', '/api/run', '/nothing']) {
    const { headers } = await ask(path)
    t.is(headers['x-content-type-options'], 'nosniff', path)
    t.is(headers['access-control-allow-origin'], undefined, path)
  }
})

test('text is compressed for those who take it', async t => {
  const { port } = await dashboardUnderTest(t, filled())
  const plain = await (await fetch(`http://127.0.0.1:${port}/api/state?at=${EVENTS[100]!.time}`)).text()
  const raw = async (encoding: string) => {
    const { request } = await import('node:http')
    return await new Promise<Buffer>((resolve, reject) => {
      const path = `/api/state?at=${EVENTS[100]!.time}`
      request({ host: '127.0.0.1', port, path, headers: { 'accept-encoding': encoding } }, async response => {
        const chunks: Buffer[] = []
        for await (const chunk of response) chunks.push(chunk as Buffer)
        resolve(Buffer.concat(chunks))
      })
        .on('error', reject)
        .end()
    })
  }
  const small = await raw('br')
  t.true(small.length < plain.length / 2)
  t.is(brotliDecompressSync(small).toString(), plain)
  t.is(gunzipSync(await raw('gzip')).toString(), plain)
  t.is((await raw('identity')).toString(), plain)
})

test('a taken port is an error, or another one is found', async t => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => other.once('listening', resolve))
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo
  const make = (anyPort: boolean) =>
    createDashboard({ clock: systemClock, source: filled() }, { port, anyPort, version: 'test' })
  t.true(isErrorCode(await t.throwsAsync(make(false).start()), 'PORT_IN_USE'))
  const found = make(true)
  t.teardown(() => found.stop())
  t.not((await found.start()).port, port)
})

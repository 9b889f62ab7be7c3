/** Letters that tell the backends apart inside a node, where colour already says something else. */
const letters: Readonly<Record<string, string>> = {
  cpu: 'C',
  webgpu: 'G',
  cuda: 'N',
  tensorflow: 'T',
  wasm: 'W',
  javascript: 'J',
}

/** The mark of a backend; none where it is not known. `onnx-cpu` and `cpu` are one. */
export function backendMark(backend: string): string {
  const name = backend.toLowerCase().replace(/^(onnx|tfjs)-/, '')
  return letters[name] ?? name.slice(0, 1).toUpperCase()
}

/** Most segments of a ring; more shards than that share segments. */
const MAX_SEGMENTS = 16

/** Which segments of the ring are hosted, as `1` and `0`; a single `1` where all are. */
export function ringOf(hosted: readonly string[], all: readonly string[]): string {
  if (all.length === 0) return hosted.length > 0 ? '1' : '0'
  const mine = new Set(hosted)
  const segments = Math.min(all.length, MAX_SEGMENTS)
  let ring = ''
  for (let s = 0; s < segments; s++) {
    const from = Math.floor((s * all.length) / segments)
    const to = Math.floor(((s + 1) * all.length) / segments)
    ring += all.slice(from, to).every(shard => mine.has(shard)) ? '1' : '0'
  }
  if (!ring.includes('0')) return '1'
  return ring.includes('1') ? ring : '0'
}

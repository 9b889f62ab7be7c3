import { createHash } from 'node:crypto'
import type { InferenceSession } from 'onnxruntime-node'
import { type NativeSessionInit, openNativeSession, type Runtime } from './runtime.ts'

/** A compiled graph that others in this thread may be using too. */
export interface SessionLease {
  readonly native: InferenceSession
  /** Frees it when nobody uses it any more. */
  release(): Promise<void>
}

interface CachedSession {
  native: Promise<InferenceSession>
  users: number
}

/** By content: what is compiled from the same bytes in the same way is the same, for it keeps nothing between runs. */
const cache = new Map<string, CachedSession>()

/**
 * Compiles a model, or takes what somebody else has compiled of the same bytes: a thousand replicas of one model need one
 * graph.
 * @throws MurmurError `BACKEND_UNAVAILABLE`
 */
export async function leaseSession(
  runtime: Runtime,
  model: Uint8Array,
  init: NativeSessionInit,
): Promise<SessionLease> {
  const key = `${createHash('sha256').update(model).digest('hex')} ${JSON.stringify(init)}`
  const entry = cache.get(key) ?? { native: openNativeSession(runtime, model, init), users: 0 }
  cache.set(key, entry)
  entry.users++
  const leave = async () => {
    if (--entry.users > 0) return
    if (cache.get(key) === entry) cache.delete(key)
    await (await entry.native).release()
  }
  try {
    return { native: await entry.native, release: once(leave) }
  } catch (error) {
    if (cache.get(key) === entry) cache.delete(key)
    throw error
  }
}

/** Whoever releases twice does not release for another. */
function once(task: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= task()
    return done
  }
}

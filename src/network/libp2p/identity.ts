import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { MurmurError } from '../../core/errors.ts'

/**
 * The Ed25519 key kept in a file, made at the first start. The file is readable by its owner alone.
 * @throws MurmurError `STORAGE_FAILED` if it can neither be read nor made, or is no key
 */
export async function loadIdentity(path: string): Promise<PrivateKey> {
  try {
    return await readKey(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw failed(path, error)
  }
  try {
    const key = await generateKeyPair('Ed25519')
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, privateKeyToProtobuf(key), { mode: 0o600, flag: 'wx' })
    return key
  } catch (error) {
    throw failed(path, error)
  }
}

export async function temporaryIdentity(): Promise<PrivateKey> {
  return await generateKeyPair('Ed25519')
}

async function readKey(path: string): Promise<PrivateKey> {
  const key = privateKeyFromProtobuf(await readFile(path))
  if (key.type !== 'Ed25519') throw new Error(`expected an Ed25519 key, got ${key.type}`)
  return key
}

function failed(path: string, cause: unknown): MurmurError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new MurmurError({
    code: 'STORAGE_FAILED',
    message: `The identity file ${path} cannot be used: ${reason}`,
    details: { path },
    cause,
  })
}

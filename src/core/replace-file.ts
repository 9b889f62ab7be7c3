import { rename, rm } from 'node:fs/promises'

/** Writes a file so that others see all of the new one or all of the old one: to another name first. */
export async function replaceFile(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.tmp`
  try {
    await write(temporary)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}) // what failed before is what matters
    throw error
  }
}

/** What `doctor` found out about one thing the program can use. */
export interface Finding {
  name: string
  /** `missing` is not there and need not be; `problem` is there and does not work, or must be there. */
  status: 'ok' | 'missing' | 'problem'
  /** One line: what was found, or why it does not work. */
  found: string
  /** The command or step that would help. */
  remedy?: string
  /** Training is impossible without it. */
  essential?: boolean
}

/** A group of findings under a title. Must not throw; honours its signal. */
export type Probe = (signal: AbortSignal) => Promise<Finding[]>

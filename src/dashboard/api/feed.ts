/** Something worth a line as it happens. */
export interface FeedEntry {
  /** Unique, and the same in live and replay. */
  id: string
  time: number
  peer: string
  kind: 'membership' | 'state' | 'checkpoint' | 'evaluation' | 'warning' | 'exchange'
  /** One line, for people. Written by whom it is about: not to be trusted as markup. */
  text: string
  level: 'info' | 'warning'
}

/** `GET /api/events?before=<ms>&limit=<n>`: entries before a moment (of the end, without it), newest first. */
export interface FeedPage {
  entries: readonly FeedEntry[]
  /** Whether there are earlier ones. */
  more: boolean
}

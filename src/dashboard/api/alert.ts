export type AlertKind =
  | 'loss-stagnating'
  | 'loss-diverged'
  | 'staleness-high'
  | 'exchange-success-low'
  | 'round-trip-slow'
  | 'memory-high'
  | 'peer-silent'
  | 'disagreement-growing'

/** Something that a person should look at. It stands as long as its reason does. */
export interface Alert {
  /** The same as long as it stands: kind and peer. */
  id: string
  kind: AlertKind
  level: 'warning' | 'critical'
  /** Whom it is about; null for the swarm. */
  peer: string | null
  /** One sentence, with the figure and the threshold. */
  message: string
  value: number
  threshold: number
}

/** When alerts are raised. docs/dashboard.md says where the defaults come from. */
export interface AlertThresholds {
  /** Local steps; the run's own bound where its specification has one. */
  staleness: number
  /** Share of the recent exchanges that must come to pass, in [0, 1]. */
  exchangeSuccess: number
  roundTripMs: number
  /** Share of memory in use, in [0, 1]. */
  memory: number
  /** By how much the loss must fall from one half of the recent steps to the next, as a share of it, not to stagnate. */
  lossProgress: number
  /** By how much disagreement may grow between the halves of the recent past: a factor. */
  disagreementGrowth: number
}

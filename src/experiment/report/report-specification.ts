/** What time is called if the specification says nothing. */
export const VIRTUAL = 'virtual time'

/** What a report must know of an experiment's specification. */
export interface ReportSpecification {
  readonly name: string
  /** What is asked or claimed, in a sentence or two. */
  readonly description?: string
  /** The whole specification as YAML, for the report's folder. */
  readonly text: string
  /** In the order of tables and figures. */
  readonly arms: readonly string[]
  /** The arm that the others are compared with. */
  readonly baseline: string
  readonly seeds: readonly number[]
  /** Non-inferiority margin, in nats per token, declared before the runs. Must be > 0. */
  readonly margin?: number
  /** Loss to reach, in nats per token, of the averaged model. */
  readonly target?: number
  /** What the records' time is, where it is not virtual: 'time' of real processes. @default 'virtual time' */
  readonly timeLabel?: string
  /** What is to be told before all figures, in a sentence each. */
  readonly findings?: readonly string[]
}

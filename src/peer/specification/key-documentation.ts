import * as z from 'zod'

/** What is told of a key, in run.yaml and in docs/run-specification.md. */
export interface KeyDocumentation {
  says: string
  unit?: string
  /** What a text must look like beyond its length. */
  form?: string
  /** Where the default or the method comes from. */
  source?: string
  /** For a key that exists only beside a certain value of another, which the schema must check: that one, as in YAML. */
  only?: string
  /** The default of such a key, which the schema cannot fill in always. */
  default?: unknown
}

export const keyDocumentation = z.registry<KeyDocumentation>()

// Upper bounds are far above sensible values. They are there because a specification may come from another peer.
export const count = (most: number) => z.int().min(1).max(most)
export const seconds = () => z.number().min(0.1).max(3600)
export const PATH_FORM = 'without control characters'
/** A text from another peer may be shown on a terminal: no control characters. */
export const path = () =>
  z
    .string()
    .min(1)
    .max(4096)
    .regex(/^\P{Cc}*$/u)
    .register(keyDocumentation, { says: 'A path.', form: PATH_FORM })
export const share = () => z.number().min(0.001).max(0.5)

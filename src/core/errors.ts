/**
 * Every failure that a user or another peer can cause, as data. Callers branch on `code`, never on the message.
 * The command line maps each code to its own exit code (`cli/exit-codes.ts`).
 */
export type ErrorCode =
  | 'USAGE' // a command-line argument or option that makes no sense
  | 'SPECIFICATION_INVALID' // an unknown or wrong key in run.yaml
  | 'CORPUS_MISSING' // no file matches the data paths
  | 'CORPUS_TOO_SMALL' // less text than one window of each split, too few units or classes to deal
  | 'TOKENIZER_INVALID' // a tokenizer file that is missing, damaged or not the run's
  | 'MODEL_MISSING' // the file of the run's model is not on this machine
  | 'MODEL_MISMATCH' // that file is another one than the run's
  | 'MODEL_INVALID' // a model's module lacks an export, throws or returns something else than it must
  | 'PORT_IN_USE' // a listen address that is taken or not ours
  | 'TOPOLOGY_IMPOSSIBLE' // a topology that cannot be had for this number of peers or this algorithm
  | 'INVITATION_MALFORMED' // not a multiaddr with a peer id
  | 'PEER_UNREACHABLE' // nobody answered at the invitation's addresses
  | 'RUN_MISMATCH' // another run than the one asked for, or than the one in the run directory
  | 'PROTOCOL_MISMATCH' // the other side speaks another version
  | 'STATE_UNAVAILABLE' // no live peer could hand its parameters over
  | 'CHECKPOINT_INVALID' // truncated, altered or of another model
  | 'RECORD_INVALID' // the record of a cell of an experiment, or of a run to replay, is damaged or empty
  | 'STORAGE_FAILED' // full, read-only or forbidden disk
  | 'KERNEL_UNSUPPORTED' // a tfjs kernel that cannot be traced
  | 'BACKEND_UNAVAILABLE' // the asked-for backend does not load here
  | 'CHANNEL_BROKEN' // a stream to a peer was reset or ended in the middle
  | 'MESSAGE_INVALID' // a message that fails its schema, size or version check
  | 'VALUES_INVALID' // NaN or infinity where finite parameters were expected
  | 'CANCELLED' // the caller's signal fired
  | 'TIMED_OUT' // a deadline passed
  | 'STALLED' // a simulation in which nothing is left to happen, while somebody still waits
  | 'TRAINER_FAILED' // the trainer's worker died or its step threw

export interface MurmurErrorInit {
  code: ErrorCode
  /** One line: what, where, and what was expected. */
  message: string
  /** Machine-readable particulars (key, value, expected, peer, path...). Must survive structured cloning. */
  details?: Readonly<Record<string, unknown>>
  cause?: unknown
}

export class MurmurError extends Error {
  override readonly name = 'MurmurError'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(init: MurmurErrorInit) {
    super(init.message, { cause: init.cause })
    this.code = init.code
    this.details = init.details ?? {}
  }
}

/** The error as plain data, to cross a worker or a wire. */
export interface ErrorData {
  code: ErrorCode
  message: string
  details: Readonly<Record<string, unknown>>
}

export function errorToData(error: unknown, fallback: ErrorCode): ErrorData {
  if (error instanceof MurmurError) return { code: error.code, message: error.message, details: error.details }
  return { code: fallback, message: error instanceof Error ? error.message : String(error), details: {} }
}

export function errorFromData(data: ErrorData): MurmurError {
  return new MurmurError(data)
}

export function isErrorCode(error: unknown, code: ErrorCode): error is MurmurError {
  return error instanceof MurmurError && error.code === code
}

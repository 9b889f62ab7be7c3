import type { ErrorCode } from '../core/errors.ts'

/** Exit codes that belong to no `ErrorCode`. `NODE_TOO_OLD` is repeated in bin/murmur.js, which can import nothing. */
export const SUCCESS = 0
export const UNEXPECTED = 1
export const NODE_TOO_OLD = 3
const INTERRUPTED_TWICE = 130

interface ExitCode {
  exit: number
  meaning: string
}

/** One exit code per kind of failure, so that a script can tell them apart. docs/exit-codes.md is tested against it. */
const failures: Record<ErrorCode, ExitCode> = {
  USAGE: { exit: 2, meaning: 'An unknown command or option, or an argument that makes no sense.' },
  SPECIFICATION_INVALID: { exit: 10, meaning: 'An unknown key or a wrong value in run.yaml.' },
  CORPUS_MISSING: { exit: 11, meaning: 'No file matches the data paths.' },
  CORPUS_TOO_SMALL: {
    exit: 12,
    meaning: 'There is less text than one window of each split, or too little data to deal.',
  },
  TOKENIZER_INVALID: { exit: 13, meaning: "A tokenizer file is missing, damaged, or not the run's." },
  MODEL_MISSING: {
    exit: 14,
    meaning: "The file of the run's own model is not on this machine, or the run's path leads out of its folder.",
  },
  MODEL_MISMATCH: { exit: 15, meaning: "The file of the model is another one than the run's." },
  MODEL_INVALID: { exit: 16, meaning: "A model's module lacks an export, throws, or returns something unexpected." },
  TOPOLOGY_IMPOSSIBLE: { exit: 17, meaning: 'A topology cannot be had for this number of peers or this algorithm.' },
  INVITATION_MALFORMED: { exit: 20, meaning: 'The invitation is not a multiaddr that ends in a peer id.' },
  PEER_UNREACHABLE: { exit: 21, meaning: "Nobody answered at the invitation's addresses." },
  PORT_IN_USE: { exit: 22, meaning: 'A listen address is taken, or is not an address of this machine.' },
  RUN_MISMATCH: { exit: 23, meaning: 'The swarm or the run directory belongs to another run.' },
  PROTOCOL_MISMATCH: { exit: 24, meaning: 'The other side speaks another version of the protocol.' },
  STATE_UNAVAILABLE: { exit: 25, meaning: 'No live peer could hand its parameters over.' },
  MESSAGE_INVALID: { exit: 26, meaning: 'A message failed its schema, size or version check.' },
  CHANNEL_BROKEN: { exit: 27, meaning: 'A stream ended or was reset before all was sent or received.' },
  CHECKPOINT_INVALID: { exit: 30, meaning: 'A checkpoint is truncated, altered, or of another model.' },
  STORAGE_FAILED: { exit: 31, meaning: 'A file or folder is missing, read-only, forbidden, or its disk is full.' },
  RECORD_INVALID: {
    exit: 32,
    meaning: 'The record of a finished cell of an experiment, or of a run to replay, is damaged or empty.',
  },
  BACKEND_UNAVAILABLE: { exit: 40, meaning: 'The backend does not load here; `murmur doctor` says why.' },
  KERNEL_UNSUPPORTED: { exit: 41, meaning: 'The model uses a tfjs kernel that cannot be traced.' },
  VALUES_INVALID: { exit: 42, meaning: 'NaN or infinity where finite parameters were expected.' },
  TRAINER_FAILED: { exit: 43, meaning: "The trainer's worker died or its step threw." },
  CANCELLED: { exit: 50, meaning: 'Interrupted by one Ctrl-C before there was a result.' },
  TIMED_OUT: { exit: 51, meaning: 'A deadline passed.' },
  STALLED: { exit: 52, meaning: 'A simulation waits for something that never comes: a bug in murmur.' },
}

export function exitCodeOf(code: ErrorCode): number {
  return failures[code].exit
}

/** Every exit code with what it means, in numerical order: the rows of docs/exit-codes.md. */
export function exitCodeTable(): (ExitCode & { name: string })[] {
  return [
    { exit: SUCCESS, name: '', meaning: 'Done; for `start`, `join` and `train` also after one Ctrl-C.' },
    { exit: UNEXPECTED, name: '', meaning: 'A bug in murmur. `MURMUR_DEBUG=1` prints the stack.' },
    { exit: NODE_TOO_OLD, name: '', meaning: 'This Node is too old to run murmur.' },
    ...Object.entries(failures).map(([name, failure]) => ({ name, ...failure })),
    { exit: INTERRUPTED_TWICE, name: '', meaning: 'A second Ctrl-C: stopped at once, nothing was finished.' },
  ].toSorted((a, b) => a.exit - b.exit)
}

/**
 * The public API: run a peer from a program, or build one from parts of your own. `ARCHITECTURE.md` says how the parts
 * fit; everything here is documented where it is defined.
 */

// For models of your own: docs/models.md.
export { normal, ones, zeros } from './compute/models/initialize.ts'
export { accuracy, crossEntropy, gelu, layerNorm, linear } from './compute/models/layers.ts'
export type { ModelParameter, NamedTensors } from './compute/models/model.ts'
export type { ModelData } from './compute/models/module-data.ts'
export type { Mode, ModuleParameter } from './compute/models/module-model.ts'
export { buildTrainer } from './compute/trainer/build-trainer.ts'
export type { StepReport, Trainer } from './compute/trainer/trainer.ts'
export type { TrainerConfig } from './compute/trainer/trainer-config.ts'
export { workerTrainer } from './compute/trainer/worker-trainer.ts'
// Ground floor.
export { type Clock, systemClock } from './core/clock.ts'
export { type ErrorCode, MurmurError } from './core/errors.ts'
export { type Random, random } from './core/random.ts'
export type { Recorded, Telemetry, TelemetryEvent } from './core/telemetry.ts'
export { type Libp2pTransportInit, libp2pTransport } from './network/libp2p/transport.ts'
export { memoryNetwork } from './network/memory.ts'
export type { Channel, PeerId, Transport } from './network/transport.ts'
// What it leaves behind.
export { latestCheckpoint, readCheckpoint, writeCheckpoint } from './peer/checkpoint/checkpoint.ts'
export type { CheckpointState } from './peer/checkpoint/checkpoint-file.ts'
// A peer as the command line runs it.
export { formatInvitation, type Invitation, parseInvitation } from './peer/invitation.ts'
export {
  joinPeer,
  type LaunchInit,
  type Listening,
  type NetworkInit,
  startPeer,
  trainAlone,
} from './peer/launch.ts'
// A peer from parts.
export { type CheckpointStore, createPeer, type Peer, type PeerComponents, type PeerInit } from './peer/peer.ts'
export { readEvents } from './peer/records/read-events.ts'
export { type PeerSummary, summarize } from './peer/records/summary.ts'
export { summarizeSwarm } from './peer/records/swarm-summary.ts'
// The run.
export { canonicalSpecification, runId } from './peer/specification/canonical.ts'
export { parseSpecification } from './peer/specification/parse.ts'
export type { RunSpecification } from './peer/specification/schema.ts'

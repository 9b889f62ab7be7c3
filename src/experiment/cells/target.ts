import type { CellRecord, CellSample, CellSummary } from '../cell-record.ts'

/** What a cell's samples say of its target: part of its summary, and whether it is censored. */
export function judgeTarget(
  samples: readonly CellSample[],
  target: number | undefined,
): { status: Extract<CellRecord['status'], 'finished' | 'censored'>; summary: Pick<CellSummary, 'target'> } {
  if (target === undefined) return { status: 'finished', summary: {} }
  const first = samples.find(({ lossMean }) => lossMean <= target)
  const reached = first && { tokens: first.tokens, time: first.time, bytes: first.bytes }
  return {
    status: reached ? 'finished' : 'censored',
    summary: { target: { loss: target, ...(reached && { reached }) } },
  }
}

/** Means over examples. */
export interface Measurement {
  readonly loss: number
  /** By name, as the model has them. */
  readonly metrics: Readonly<Record<string, number>>
}

/** The mean of measurements over as many examples each. */
export function meanMeasurement(parts: readonly Measurement[]): Measurement {
  const mean = (of: (part: Measurement) => number) => parts.reduce((sum, part) => sum + of(part), 0) / parts.length
  const names = Object.keys(parts[0]?.metrics ?? {})
  return {
    loss: mean(part => part.loss),
    metrics: Object.fromEntries(names.map(name => [name, mean(part => part.metrics[name]!)])),
  }
}

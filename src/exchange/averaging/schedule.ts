/**
 * Which of `count` shards are due at a step: shard k when (step + floor(k every / count)) mod every = 0. Each comes up
 * once in `every` steps, spread evenly so that the bandwidth stays flat.
 */
export function dueShards(step: number, every: number, count: number): number[] {
  const due: number[] = []
  for (let k = 0; k < count; k++) {
    if ((step + Math.floor((k * every) / count)) % every === 0) due.push(k)
  }
  return due
}

/** The middle of the values, or of the two in the middle. Throws RangeError if there is none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]
  if (upper === undefined || lower === undefined) throw new RangeError('The median of nothing.')
  return (lower + upper) / 2
}

/**
 * How far values usually are from their median: the median of the distances, scaled so that it equals the standard deviation of what
 * is distributed normally. A few values that are far off do not change it, as they would a standard deviation.
 */
export function spread(values: readonly number[]): number {
  const middle = median(values)
  return 1.4826 * median(values.map((value) => Math.abs(value - middle)))
}

/** The median of the slopes between all pairs of points (Theil and Sen); null if no two are apart. */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number | null {
  const slopes = points.flatMap((a, at) =>
    points.slice(at + 1).flatMap((b) => (a.x === b.x ? [] : [(b.y - a.y) / (b.x - a.x)])),
  )
  return slopes.length === 0 ? null : median(slopes)
}

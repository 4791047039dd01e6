/** The known word that was most likely meant; null if none is near: of three letters one may be wrong. */
export function nearest(word: string, known: readonly string[]): string | null {
  const rated = known.map((one) => ({ one, away: distance(word.toLowerCase(), one.toLowerCase()) }))
  const best = rated.sort((a, b) => a.away - b.away)[0]
  return best !== undefined && best.away <= Math.max(1, Math.floor(best.one.length / 3)) ? best.one : null
}

/** How many letters must be put in, taken out, exchanged, or swapped with their neighbour, to make `b` of `a`. */
function distance(a: string, b: string): number {
  // What is far longer than any known word is none of them misspelt, and is not worth the time.
  if (Math.abs(a.length - b.length) > 20) return Infinity
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)]
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(
        Math.min(
          at(i - 1, j - 1) + (same ? 0 : 1),
          at(i - 1, j) + 1,
          at(i, j - 1) + 1,
          swapped ? at(i - 2, j - 2) + 1 : Infinity,
        ),
      )
    }
  }
  return at(a.length, b.length)
}

/** Numbers that follow from a seed alone, so that a case can be made again. */
export interface Random {
  /** 0 to `below` - 1. */
  int(below: number): number
  /** Both ends included. */
  between(from: number, to: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  /** As many of the items as `probability` says, in their order. */
  some<T>(items: readonly T[], probability: number): T[]
  shuffle<T>(items: readonly T[]): T[]
  /** Small numbers are likely, `most` is rare. */
  skewed(most: number): number
  /** Another stream of numbers, so that drawing more from one does not change the other. */
  fork(label: string): Random
}

/** The generator of a seed: sfc32, whose state is the seed's text hashed by xmur3. */
export function randomOf(seed: string): Random {
  const next = sfc32(seed)
  const int = (below: number): number => Math.floor((next() / 4294967296) * below)
  const pick = <T>(items: readonly T[]): T => {
    const item = items[int(items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }
  const shuffle = <T>(items: readonly T[]): T[] => {
    const rest = [...items]
    return items.map(() => rest.splice(int(rest.length), 1)).flat()
  }
  return {
    int,
    between: (from, to) => from + int(to - from + 1),
    chance: (probability) => next() / 4294967296 < probability,
    pick,
    some: (items, probability) => items.filter(() => next() / 4294967296 < probability),
    shuffle,
    skewed: (most) => Math.floor((most + 1) ** (next() / 4294967296)) - 1,
    fork: (label) => randomOf(`${seed}/${label}`),
  }
}

function sfc32(seed: string): () => number {
  const hash = xmur3(seed)
  let [a, b, c, d] = [hash(), hash(), hash(), hash()]
  const next = (): number => {
    const t = (a + b + d) >>> 0
    d = (d + 1) >>> 0
    a = (b ^ (b >>> 9)) >>> 0
    b = (c + (c << 3)) >>> 0
    c = ((c << 21) | (c >>> 11)) >>> 0
    c = (c + t) >>> 0
    return t
  }
  for (let warm = 0; warm < 12; warm++) next()
  return next
}

function xmur3(text: string): () => number {
  let h = 1779033703 ^ text.length
  for (let at = 0; at < text.length; at++) {
    h = Math.imul(h ^ text.charCodeAt(at), 3432918353)
    h = (h << 13) | (h >>> 19)
  }
  return () => {
    h = Math.imul(h ^ (h >>> 16), 2246822507)
    h = Math.imul(h ^ (h >>> 13), 3266489909)
    return (h ^= h >>> 16) >>> 0
  }
}

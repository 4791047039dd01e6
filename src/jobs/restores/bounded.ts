type Json = Readonly<Record<string, unknown>>

/** What the catalog keeps of a preview or report. A restore of thousands of tables has more to tell than anybody reads. */
const mostBytes = 256 * 1024

const sizes = [
  { entries: 1000, characters: 2000 },
  { entries: 100, characters: 400 },
  { entries: 20, characters: 100 },
  { entries: 3, characters: 40 },
] as const

/** The value, cut to what is kept; counts are never cut. `cut`: what was left out, in words; null: nothing. */
export function bounded(value: Json): { readonly value: Json; readonly cut: string | null } {
  if (sizeOf(value) <= mostBytes) return { value, cut: null }
  for (const size of sizes) {
    const shorter = shortened(value, size) as Json
    if (sizeOf(shorter) > mostBytes) continue
    const cut = `It is too large to be kept whole: lists have ${size.entries} entries at most, and texts ${size.characters} characters.`
    return { value: shorter, cut }
  }
  const counts = Object.entries(value).filter(([, one]) => typeof one !== 'object' || sizeOf(one) < 2000)
  return { value: Object.fromEntries(counts), cut: 'It is too large to be kept: only counts are.' }
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '')
}

function shortened(value: unknown, size: (typeof sizes)[number]): unknown {
  if (typeof value === 'string') return value.length > size.characters ? `${value.slice(0, size.characters)}…` : value // prettier-ignore
  if (Array.isArray(value)) return value.slice(0, size.entries).map((one) => shortened(one, size))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shortened(one, size)]))
}

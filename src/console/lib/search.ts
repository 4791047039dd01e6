/** What a page keeps in its address, as texts: `validateSearch: searchOf('status', 'sort')`. Whatever else stands there is let fall. */
export function searchOf<K extends string>(...names: readonly K[]) {
  return (given: Readonly<Record<string, unknown>>): { [N in K]?: string | undefined } => {
    const kept = names.flatMap((name) => {
      const value = given[name]
      const known =
        (typeof value === 'string' && value !== '') || typeof value === 'number' || typeof value === 'boolean'
      return known ? [[name, String(value)]] : []
    })
    return Object.fromEntries(kept) as { [N in K]?: string | undefined }
  }
}

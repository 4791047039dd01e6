/** Changes to a JSON document that no reader of a known format may accept. */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** A place in the document: the value's parent, its name there, and its path as messages tell it. */
export interface Place {
  readonly parent: Record<string, Json>
  readonly name: string
  readonly path: string
  readonly inList: boolean
}

/** What is done to a place. */
export type Change = 'delete' | 'number' | 'object' | 'unknown'

/** Makes one change that no document may have, and gives back what the message must name. */
export function apply({ parent, name, path, inList }: Place, change: Change): string {
  if (change === 'delete' && !inList) {
    delete parent[name]
    return `lacks the field ${name}`
  }
  const value = parent[name]
  if (change === 'unknown' && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    value['more'] = 1
    return `${path} has an unknown field "more"`
  }
  // Neither is valid anywhere.
  parent[name] = change === 'object' ? {} : -1.5
  return path
}

/** A document as JSON, to be changed. */
export function copyOf(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json
}

/** Every field and every member of a list, but `format`, which tells of the version. */
export function placesIn(value: Json, path: string): Place[] {
  if (typeof value !== 'object' || value === null) return []
  const inList = Array.isArray(value)
  const parent = value as Record<string, Json>
  return Object.keys(parent).flatMap((name) => {
    const own = inList ? `${path}[${name}]` : `${path}.${name}`
    const child = parent[name] ?? null
    return own === 'it.format'
      ? []
      : [{ parent, name, path: own, inList } satisfies Place, ...placesIn(child, own)]
  })
}

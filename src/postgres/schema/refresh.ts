import { qualified } from '../quote.ts'
import type { Archive, ArchiveEntry } from './archive.ts'

/**
 * Adds the entries that fill materialized views, as a dump with data has them: for those that are filled in the source
 * and read none that is not. pg_dump would add them itself if it were not asked for the schema only, but it would
 * then also read every sequence, one by one.
 */
export function withRefreshes(archive: Archive, filledOids: ReadonlySet<number>): Archive {
  const byId = new Map(archive.entries.map((entry) => [entry.id, entry]))
  const views = archive.entries.filter(({ type }) => type === 'MATERIALIZED VIEW')
  let id = Math.max(0, ...archive.entries.map((entry) => entry.id))
  const refreshes = new Map<ArchiveEntry, ArchiveEntry>()
  // Views stand in the order of their creation: what a view reads comes before it.
  for (const view of views) {
    const read = reachable(view, byId).filter((entry) => entry.type === view.type)
    if (!filledOids.has(view.oid) || !read.every((entry) => refreshes.has(entry))) continue
    refreshes.set(view, {
      ...view,
      id: ++id,
      catalogOid: 0,
      type: 'MATERIALIZED VIEW DATA',
      section: 'post',
      // A view whose owner sees some rows of a table only was filled with these, and is again.
      definition: `SET row_security = on;\nREFRESH MATERIALIZED VIEW ${qualified(view.schema, view.tag)};\nSET row_security = off;\n`,
      drop: '',
      tablespace: null,
      accessMethod: null,
      relationKind: '',
      dependsOn: [view.id, ...read.flatMap((entry) => refreshes.get(entry)?.id ?? [])],
    })
  }
  return { ...archive, entries: [...archive.entries, ...refreshes.values()] }
}

/** All that `entry` depends on, at any distance. */
function reachable(entry: ArchiveEntry, byId: ReadonlyMap<number, ArchiveEntry>): ArchiveEntry[] {
  const seen = new Set<number>([entry.id])
  const found: ArchiveEntry[] = []
  const waiting = [...entry.dependsOn]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const next = seen.has(id) ? undefined : byId.get(id)
    seen.add(id)
    if (next === undefined) continue
    found.push(next)
    waiting.push(...next.dependsOn)
  }
  return found
}

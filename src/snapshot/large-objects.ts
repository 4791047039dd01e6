import { copyLargeObjectsSql, largeObjectRanges, readLargeObjects } from '../postgres/large-objects.ts'
import type { Chunker } from '../repository/chunker.ts'
import type { Gap, LargeObjectContents } from '../repository/format/contents.ts'
import type { ConsistentSnapshot } from './consistent.ts'

/** Reads the large objects on the leader's connection. What the role may not read is a gap, not a failure: tables that use it are whole. */
export async function copyLargeObjects(o: {
  snapshot: ConsistentSnapshot
  chunker: Chunker
}): Promise<{ contents: LargeObjectContents; gaps: Gap[] }> {
  await using catalog = await o.snapshot.joinCatalog()
  const listed = await readLargeObjects(catalog)
  const major = Math.floor(catalog.version / 10_000)
  const ranges: { rows: number; pieces: LargeObjectContents['ranges'][number]['pieces'] }[] = []
  for (const range of largeObjectRanges(listed)) {
    o.chunker.begin()
    const rows = await o.snapshot.leader.copyOut(
      copyLargeObjectsSql({ range, access: listed.access, major }),
      {
        write: (bytes, _rows, endsRow) => o.chunker.write(bytes, endsRow),
      },
    )
    const run = o.chunker.end()
    await o.chunker.flush()
    ranges.push({ rows, pieces: await run.pieces() })
  }
  const gaps: Gap[] = []
  if (listed.unreadable.length > 0) {
    gaps.push({
      what: `${listed.unreadable.length} large objects (${listed.unreadable.slice(0, 5).join(', ')} ...)`,
      why: 'The role may not read them: pg_read_all_data does not cover large objects. Grant SELECT on each, or use their owner.',
    })
  }
  if (listed.labels > 0) gaps.push({ what: 'security labels of large objects', why: 'They are not read.' })
  return { contents: { objects: listed.objects, ranges }, gaps }
}

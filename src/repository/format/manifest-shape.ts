import { chunkListCheck } from './chunk-list.ts'
import { backupId, chunkNamePattern, labelCheck, longTextCheck, shortId, timestamp } from './fields.ts'
import type { Manifest, ManifestLock, ManifestTotals } from './manifest.ts'
import { type Check, integer, nullable, object, oneOf, text } from './shape.ts'

const totals = object<ManifestTotals>({
  tables: integer(0),
  rows: integer(0),
  plainBytes: integer(0),
  storedBytes: integer(0),
  newChunks: integer(0),
  newStoredBytes: integer(0),
  reusedChunks: integer(0),
  gaps: integer(0),
})

const fields = {
  id: text(backupId),
  sequence: integer(1),
  kind: oneOf('full', 'incremental', 'differential', 'snapshot'),
  name: nullable(labelCheck),
  description: nullable(longTextCheck),
  source: text(/^[A-Za-z0-9_-]{1,128}$/),
  host: text(shortId),
  holdfast: labelCheck,
  started: timestamp,
  moment: timestamp,
  finished: timestamp,
  lsn: text(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/),
  major: integer(1, 1000),
  epoch: text(shortId),
  totals,
  contents: text(chunkNamePattern),
  chunks: chunkListCheck,
}
const first = object<Omit<Manifest, 'scope' | 'lock'>>({ ...fields, format: oneOf(1) })
const scope = nullable(text(chunkNamePattern))
const second = object<Omit<Manifest, 'lock'> & { scope: string | null }>({
  ...fields,
  format: oneOf(2),
  scope,
})
const third = object<Required<Manifest>>({
  ...fields,
  format: oneOf(3),
  scope,
  lock: object<ManifestLock>({ until: timestamp, mode: oneOf('governance', 'compliance') }),
})
/** What the JSON of a manifest must be, by its format. */
export const manifestCheck: Check<Manifest> = (value, place) => {
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : 1
  return (format === 3 ? third : format === 2 ? second : first)(value, place)
}

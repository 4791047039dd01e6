import { chunkListCheck } from './chunk-list.ts'
import { backupId, chunkNamePattern, labelCheck, longTextCheck, shortId, timestamp } from './fields.ts'
import type { Manifest, ManifestTotals } from './manifest.ts'
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
const first = object<Omit<Manifest, 'scope'>>({ ...fields, format: oneOf(1) })
const second = object<Required<Manifest>>({
  ...fields,
  format: oneOf(2),
  scope: nullable(text(chunkNamePattern)),
})
/** What the JSON of a manifest must be, by its format. */
export const manifestCheck: Check<Manifest> = (value, place) =>
  typeof value === 'object' && value !== null && 'format' in value && value.format === 2
    ? second(value, place)
    : first(value, place)

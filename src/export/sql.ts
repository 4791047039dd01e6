import { qualified } from '../postgres/quote.ts'
import { commentText, psqlSafeRows } from './psql-safe.ts'
import { copyStatement, largeObjectPart, schemaPart, scriptHeader, sequencePart } from './script.ts'
import type { ByteSink } from './sink.ts'
import type { ExportSource } from './source.ts'

/** One script for `psql -v ON_ERROR_STOP=1 -f`, into an empty database on a server that has the roles. */
export async function writeSql(source: ExportSource, file: ByteSink): Promise<void> {
  const { contents, manifest, exported } = source
  await file.write(
    scriptHeader(contents, [
      `Holdfast backup ${manifest.id} of database ${contents.database.name} at ${manifest.moment}`,
      `Postgres ${contents.server.version}, encoding ${contents.server.encoding}; exported ${exported}`,
      'Run it in an empty database of this encoding: psql -X -v ON_ERROR_STOP=1 -f FILE postgres://...',
      `Roles it needs: ${contents.usedRoles.join(', ')}`,
      ...contents.gaps.map(({ what, why }) => `Not held: ${what}. ${why}`),
    ]),
  )
  await file.write(schemaPart(source, ['pre']))
  for (const table of source.tables) {
    if (table.rows === 0) continue
    await file.write(`\n-- Rows of ${commentText(qualified(table.schema, table.name))}: ${table.rows}\n`)
    await file.write(`${copyStatement(table, contents, 'FORMAT text')};\n`)
    for await (const rows of psqlSafeRows(source.rows(table))) await file.write(rows)
    await file.write('\\.\n')
  }
  await file.write(`\n${sequencePart(contents)}`)
  for await (const part of largeObjectPart(source)) await file.write(part)
  await file.write(schemaPart(source, ['post']))
  await file.write(schemaPart(source, ['acl']))
  await file.write(schemaPart(source, ['last']))
}

import { fileName } from './files.ts'
import { toManifestText } from './manifest-text.ts'
import { restoreScript } from './restore-script.ts'
import {
  databaseScript,
  largeObjectPart,
  rolesScript,
  schemaPart,
  scriptHeader,
  sequencePart,
} from './script.ts'
import { writeText, type FileSet } from './sink.ts'
import type { ExportSource } from './source.ts'
import { writeCsv } from './tables.ts'

/** A folder that a person can read, and restore with nothing but psql. */
export async function writeFolder(source: ExportSource, files: FileSet): Promise<void> {
  const { contents, manifest } = source
  const header = (title: string) => scriptHeader(contents, [`${title} Holdfast backup ${manifest.id}.`])

  for (const [file, phase, title] of [
    ['schema/pre-data.sql', 'pre', 'What must be there before the rows.'],
    ['schema/post-data.sql', 'post', 'Indexes, keys, triggers, policies: after the rows.'],
    ['grants.sql', 'acl', 'Grants and default privileges.'],
    ['schema/last.sql', 'last', 'Event triggers and contents of materialized views.'],
  ] as const) {
    await using sink = await files.create(file)
    await sink.write(header(title))
    await sink.write(schemaPart(source, [phase]))
    await sink.end()
  }
  await writeText(files, 'sequences.sql', header('Values of sequences.') + sequencePart(contents))
  await writeText(files, 'roles.sql', rolesScript(contents))
  await writeText(files, 'database.sql', databaseScript(contents))
  {
    await using sink = await files.create('large-objects.sql')
    await sink.write(header('Large objects.'))
    for await (const part of largeObjectPart(source)) await sink.write(part)
    await sink.end()
  }
  for (const table of source.tables) {
    const name = `data/${fileName(table.schema, table.name, 'csv')}`
    await writeCsv({ source, table, files, name, options: { lineEnd: '\n', forPostgres: true } })
  }
  await writeText(files, 'restore.sh', restoreScript(source), { executable: true })
  await writeText(files, 'BACKUP_MANIFEST.md', toManifestText({ source, format: 'folder' }))
  await files.end()
}

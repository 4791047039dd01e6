import { useTranslation } from 'react-i18next'
import type { BackupFacts } from '../../lib/backup-facts.ts'
import { useBackupTables, type BackupTable } from '../../lib/backup-tables.ts'
import { useFormat } from '../../lib/format.ts'
import { ErrorNote, Skeleton } from '../../ui/notes.tsx'
import { Code } from '../../ui/words.tsx'

const most = 50

interface Line {
  readonly table: string
  /** Rows; null: the table is not in it. */
  readonly older: number | null
  readonly newer: number | null
}

/** Which tables came, went, grew or shrank between two backups: those that changed most are first. */
export function ComparedTables({ older, newer }: { older: BackupFacts; newer: BackupFacts }) {
  const { t } = useTranslation()
  const format = useFormat()
  const [a, b] = [useBackupTables(older), useBackupTables(newer)]
  const error = a.error ?? b.error
  if (a.tables === null || b.tables === null) {
    if (a.reading || b.reading) return <Skeleton className="h-32" />
    return error === null || error === undefined ? null : <ErrorNote error={error} />
  }
  const lines = linesOf(a.tables, b.tables)
  const differing = lines.filter((line) => line.older !== line.newer)
  const equal = lines.length - differing.length
  const count = (key: string, of: number): string => t(key, { count: of, value: format.number(of) })
  return (
    <div className="overflow-x-auto rounded-lg border bg-surface">
      {differing.length > 0 && (
        <table className="w-full">
          <thead>
            <tr className="text-sm text-ink-2">
              <th scope="col" className="h-8 px-3 text-start font-medium">
                {t('tables.table')}
              </th>
              <th scope="col" className="h-8 px-3 text-end font-medium">
                {t('tables.rows')}
              </th>
              <th scope="col" className="h-8 px-3 text-end font-medium">
                {t('backups.difference')}
              </th>
            </tr>
          </thead>
          <tbody>
            {differing.slice(0, most).map((line) => (
              <tr key={line.table}>
                <td className="border-t px-3 py-1.5 break-all">
                  <Code>{line.table}</Code>
                </td>
                <td className="border-t px-3 py-1.5 text-end">
                  <bdi>{format.number(line.newer ?? line.older ?? 0)}</bdi>
                </td>
                <td className="border-t px-3 py-1.5 text-end font-medium">
                  <Difference of={line} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className={`px-3 py-2 text-sm text-ink-2 ${differing.length > 0 ? 'border-t' : ''}`}>
        {differing.length > most && `${count('backups.moreDiffer', differing.length - most)} · `}
        {count('backups.sameRows', equal)}
      </p>
    </div>
  )
}

function Difference({ of: { older, newer } }: { of: Line }) {
  const { t } = useTranslation()
  const format = useFormat()
  if (older === null) return t('backups.onlyNewer')
  if (newer === null) return t('backups.onlyOlder')
  const difference = newer - older
  return <bdi>{`${difference > 0 ? '+' : '−'} ${format.number(Math.abs(difference))}`}</bdi>
}

function linesOf(older: readonly BackupTable[], newer: readonly BackupTable[]): readonly Line[] {
  const rowsOf = (tables: readonly BackupTable[]) =>
    new Map(tables.map(({ schema, name, rows }) => [`${schema}.${name}`, rows]))
  const [before, after] = [rowsOf(older), rowsOf(newer)]
  const names = new Set([...before.keys(), ...after.keys()])
  const size = (line: Line): number => Math.abs((line.newer ?? 0) - (line.older ?? 0))
  return [...names]
    .map((table) => ({ table, older: before.get(table) ?? null, newer: after.get(table) ?? null }))
    .sort((one, other) => size(other) - size(one))
}

import { useTranslation } from 'react-i18next'
import { useBackupTables } from '../../lib/backup-tables.ts'
import type { BackupFacts } from '../../lib/backup-facts.ts'
import { SectionHead } from '../../ui/card.tsx'
import { ErrorNote, Skeleton } from '../../ui/notes.tsx'
import { Bytes, Code, Count } from '../../ui/words.tsx'

const most = 200

/** What is in it, table by table: the largest first. */
export function BackupTablesList({ of }: { of: BackupFacts }) {
  const { t } = useTranslation()
  const { tables, reading, error } = useBackupTables(of)
  const sorted = [...(tables ?? [])].sort((a, b) => b.rows - a.rows)
  return (
    <section>
      <SectionHead>{t('backups.tables')}</SectionHead>
      {tables === null && reading && <Skeleton className="h-32" />}
      {tables === null && !reading && error !== null && error !== undefined && <ErrorNote error={error} />}
      {tables === null && !reading && !error && <p className="text-ink-2">{t('backups.notRead')}</p>}
      {tables !== null && (
        <div
          tabIndex={0}
          role="group"
          aria-label={t('backups.tables')}
          className="max-h-80 overflow-auto rounded-lg border bg-surface"
        >
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
                  {t('backups.size')}
                </th>
              </tr>
            </thead>
            <tbody>
              {sorted.slice(0, most).map((table) => (
                <tr key={`${table.schema}.${table.name}`}>
                  <td className="border-t px-3 py-1.5 break-all">
                    <Code>{`${table.schema}.${table.name}`}</Code>
                  </td>
                  <td className="border-t px-3 py-1.5 text-end">
                    <Count of={table.rows} />
                  </td>
                  <td className="border-t px-3 py-1.5 text-end whitespace-nowrap">
                    <Bytes of={table.plainBytes} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

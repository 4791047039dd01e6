import { useTranslation } from 'react-i18next'
import type { BackupFacts } from '../../lib/backup-facts.ts'
import { useFormat } from '../../lib/format.ts'
import { useNow } from '../../lib/now.ts'
import { ComparedTables } from './compared-tables.tsx'

/** Two backups of one source side by side, the older one first, what is more or less in the newer one, and in which tables. */
export function Comparison({ a, b }: { a: BackupFacts; b: BackupFacts }) {
  const { t } = useTranslation()
  const format = useFormat()
  const now = useNow()
  const [older, newer] = a.moment < b.moment ? [a, b] : [b, a]
  const lines = [
    { name: t('backups.rows'), of: ({ rows }: BackupFacts) => rows, print: format.number },
    { name: t('backups.tables'), of: ({ tables }: BackupFacts) => tables, print: format.number },
    { name: t('backups.size'), of: ({ plainBytes }: BackupFacts) => plainBytes, print: format.bytes },
    { name: t('backups.storedSize'), of: ({ storedBytes }: BackupFacts) => storedBytes, print: format.bytes },
    { name: t('jobs.duration'), of: ({ seconds }: BackupFacts) => seconds ?? 0, print: format.seconds },
  ]
  const head = 'h-8 px-3 text-end font-medium'
  const cell = 'border-t px-3 py-1.5 text-end'
  return (
    <div className="grid gap-3">
      <div className="overflow-x-auto rounded-lg border bg-surface">
        <table className="w-full">
          <thead>
            <tr className="text-sm text-ink-2">
              <th scope="col" className="h-8 px-3 text-start font-medium">
                <span className="sr-only">{t('backups.figure')}</span>
              </th>
              <th scope="col" className={head}>
                {format.time(new Date(older.moment), now)}
              </th>
              <th scope="col" className={head}>
                {format.time(new Date(newer.moment), now)}
              </th>
              <th scope="col" className={head}>
                {t('backups.difference')}
              </th>
            </tr>
          </thead>
          <tbody>
            {lines.map(({ name, of, print }) => {
              const difference = of(newer) - of(older)
              const sign = difference > 0 ? '+' : difference < 0 ? '−' : ''
              return (
                <tr key={name}>
                  <th scope="row" className="border-t px-3 py-1.5 text-start font-normal text-ink-2">
                    {name}
                  </th>
                  <td className={cell}>
                    <bdi>{print(of(older))}</bdi>
                  </td>
                  <td className={cell}>
                    <bdi>{print(of(newer))}</bdi>
                  </td>
                  <td className={`${cell} font-medium`}>
                    {difference === 0 ? (
                      <span className="font-normal text-ink-3">{t('backups.equal')}</span>
                    ) : (
                      <bdi>{`${sign} ${print(Math.abs(difference))}`}</bdi>
                    )}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      <ComparedTables older={older} newer={newer} />
    </div>
  )
}

import { useTranslation } from 'react-i18next'
import { useFormat } from '../../lib/format.ts'
import { Code } from '../../ui/words.tsx'

export interface TableCounts {
  readonly name: string
  readonly created: number
  readonly changed: number
  readonly deleted: number
}

const kinds = [
  { id: 'created', sign: '+', bar: 'bg-good', text: 'text-good-text' },
  { id: 'changed', sign: '~', bar: 'bg-warn', text: 'text-warn-text' },
  { id: 'deleted', sign: '−', bar: 'bg-bad', text: 'text-bad-text' },
] as const

const most = 100

/** Rows by table: the figures, and beside them bars that show which table has most of it. */
export function CountBars({ tables }: { tables: readonly TableCounts[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const sums = tables.map(({ created, changed, deleted }) => created + changed + deleted)
  const largest = Math.max(...sums, 1)
  const shown = [...tables].sort((a, b) => sumOf(b) - sumOf(a)).slice(0, most)
  const used = kinds.filter(({ id }) => id === 'created' || tables.some((table) => table[id] > 0))
  const head = 'h-8 px-3 text-sm font-medium text-ink-2'
  return (
    <div className="overflow-x-auto rounded-lg border bg-surface">
      <table className="w-full" aria-label={t('restores.look.byTable')}>
        <thead>
          <tr>
            <th scope="col" className={`${head} text-start`}>
              {t('tables.table')}
            </th>
            {used.map(({ id }) => (
              <th key={id} scope="col" className={`${head} text-end`}>
                {t(`changes.${id}`, { count: 3 })}
              </th>
            ))}
            <th scope="col" className="w-1/3 phone:hidden">
              <span className="sr-only">{t('restores.look.share')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((table) => (
            <tr key={table.name}>
              <th scope="row" className="border-t px-3 py-2 text-start font-normal break-all">
                <Code>{table.name}</Code>
              </th>
              {used.map(({ id, sign, text }) => (
                <td
                  key={id}
                  className={`border-t px-3 py-2 text-end whitespace-nowrap ${table[id] === 0 ? 'text-ink-3' : text}`}
                >
                  {table[id] > 0 && `${sign} `}
                  <bdi>{format.number(table[id])}</bdi>
                </td>
              ))}
              <td className="border-t px-3 py-2 phone:hidden" aria-hidden="true">
                <div className="flex h-2 gap-px">
                  {kinds.map(
                    ({ id, bar }) =>
                      table[id] > 0 && (
                        <div
                          key={id}
                          className={`min-w-0.5 rounded-sm ${bar}`}
                          style={{ width: `${(table[id] / largest) * 100}%` }}
                        />
                      ),
                  )}
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {tables.length > most && (
        <p className="border-t px-3 py-2 text-ink-2">
          {t('restores.look.moreTables', {
            count: tables.length - most,
            value: format.number(tables.length - most),
          })}
        </p>
      )}
    </div>
  )
}

const sumOf = ({ created, changed, deleted }: TableCounts): number => created + changed + deleted

import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../lib/format.ts'
import { useSourceTables } from '../../lib/queries.ts'
import { SectionHead } from '../../ui/card.tsx'
import { Moment, Name } from '../../ui/words.tsx'

/** Groups of tables that belong together, with the rows that the newest backup counted; each leads to its restore. */
export function Modules({ source }: { source: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { data } = useSourceTables(source)
  if (data === undefined || data.modules.length === 0) return null
  return (
    <section>
      <SectionHead
        aside={
          data.countedAt !== null && (
            <span className="text-sm text-ink-2">
              {t('sources.countedAt')} <Moment at={data.countedAt} show="ago" />
            </span>
          )
        }
      >
        {t('sources.modules')}
      </SectionHead>
      <ul className="grid gap-2 sm:grid-cols-2">
        {data.modules.map(({ name, description, tables, rows }) => (
          <li key={name} className="relative grid gap-1 rounded-lg border bg-surface p-3 hover:bg-sunken/60">
            <Link
              to="/restores/new"
              search={{ source, step: 'what', scope: 'modules', names: name }}
              className="font-medium after:absolute after:inset-0"
            >
              <Name>{name}</Name>
            </Link>
            {description !== null && <bdi className="text-ink-2">{description}</bdi>}
            <span className="text-lg font-semibold">{format.number(rows)}</span>
            <span className="text-sm text-ink-2">
              {t('tables.rows')} ·{' '}
              {t('units.tables', { count: tables.length, value: format.number(tables.length) })}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

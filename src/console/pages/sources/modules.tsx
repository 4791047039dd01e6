import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { isApiError } from '../../lib/api.ts'
import { useFormat } from '../../lib/format.ts'
import { useSourceCounts, useSourceTables } from '../../lib/queries.ts'
import type { SourceCounts, SourceTables } from '../../lib/types.ts'
import { SectionHead } from '../../ui/card.tsx'
import { Moment, Name } from '../../ui/words.tsx'

/**
 * Groups of tables that belong together, with the rows that the database has now and those that the newest backup counted; each leads to
 * its restore.
 */
export function Modules({ source }: { source: string }) {
  const { t } = useTranslation()
  const { data } = useSourceTables(source)
  const has = data !== undefined && data.modules.length > 0
  const counts = useSourceCounts(source, has)
  if (!has) return null
  const found = counts.data?.error === null ? counts.data.modules : undefined
  return (
    <section>
      <SectionHead>{t('sources.modules')}</SectionHead>
      <ul className="grid gap-2 sm:grid-cols-2">
        {data.modules.map((module) => (
          <Module
            key={module.name}
            source={source}
            module={module}
            countedAt={data.countedAt}
            live={found?.find(({ name }) => name === module.name)}
            waits={counts.isLoading}
          />
        ))}
      </ul>
      <p className="mt-2 text-sm text-ink-2 phone:min-h-10" role="status">
        {counts.isLoading ? (
          t('sources.live.counting')
        ) : (
          <Counted counts={counts.data} error={counts.error} />
        )}
      </p>
    </section>
  )
}

/** What the figures are worth. A database that does not answer is no reason to show nothing: the backup's figures stay. */
function Counted({ counts, error }: { counts: SourceCounts | undefined; error: unknown }) {
  const { t } = useTranslation()
  const { code = '' } = counts?.error ?? (isApiError(error) ? error : {})
  if (error === null && counts?.error === null)
    return t(
      counts.modules.every(({ how }) => how === 'exact') ? 'sources.live.exact' : 'sources.live.estimated',
    )
  const cause = t(`errors.${code}.cause`, { defaultValue: '' })
  return [t('sources.live.silent'), cause].join(' ').trim()
}

interface ModuleProps {
  readonly source: string
  readonly module: SourceTables['modules'][number]
  readonly countedAt: string | null
  /** Undefined: it was not counted. */
  readonly live: SourceCounts['modules'][number] | undefined
  readonly waits: boolean
}

function Module({ source, module, countedAt, live, waits }: ModuleProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { name, description, tables, rows } = module
  const now = live?.rows ?? null
  const words = now === null ? 'unknown' : live?.how === 'exact' ? 'now' : live?.how === 'estimate' ? 'about' : 'atLeast' // prettier-ignore
  return (
    <li className="relative grid content-start gap-1 rounded-lg border bg-surface p-3 hover:bg-sunken/60">
      <div className="flex flex-wrap items-baseline justify-between gap-x-3">
        <Link
          to="/restores/new"
          search={{ source, step: 'what', scope: 'modules', names: name }}
          className="font-medium after:absolute after:inset-0"
        >
          <Name>{name}</Name>
        </Link>
        <span className="text-sm text-ink-2">
          {t('units.tables', { count: tables.length, value: format.number(tables.length) })}
        </span>
      </div>
      {description !== null && (
        <p className="text-ink-2">
          <Name>{description}</Name>
        </p>
      )}
      <span className={now === null ? 'text-lg text-ink-3' : 'text-lg font-semibold'}>
        {/* The line is there from the start: nothing moves when it is known. */}
        {waits ? '\u00a0' : t(`sources.live.${words}`, { value: format.number(now ?? 0) })}
      </span>
      <span className="text-sm text-ink-2">
        {countedAt === null ? (
          t('sources.live.noBackup')
        ) : (
          <>
            {t('sources.live.inBackup', { value: format.number(rows) })} (<Moment at={countedAt} show="ago" />
            )
          </>
        )}
      </span>
    </li>
  )
}

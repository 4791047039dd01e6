import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { factsOf } from '../../lib/backup-facts.ts'
import { useFormat } from '../../lib/format.ts'
import type { JobDetail } from '../../lib/types.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Code, Count } from '../../ui/words.tsx'

/** What a job that is over did, in figures. */
export function JobResult({ job }: { job: JobDetail }) {
  const result = job.result ?? {}
  if (job.kind === 'backup') return <BackupResult of={result['backup']} />
  if (job.kind === 'drill') return <DrillResult of={result['drill']} />
  return null
}

function BackupResult({ of }: { of: unknown }) {
  const { t } = useTranslation()
  const format = useFormat()
  if (typeof of !== 'object' || of === null) return null
  const summary = of as Record<string, unknown>
  const facts = factsOf({
    id: String(summary['id']),
    moment: String(summary['moment']),
    repositoryId: '',
    sourceId: null,
    summary,
  })
  return (
    <div className="grid gap-3 rounded-lg border bg-surface p-4">
      <p>
        {t('jobs.results.backup', {
          rows: t('units.rows', { count: facts.rows, value: format.number(facts.rows) }),
          tables: t('units.tables', { count: facts.tables, value: format.number(facts.tables) }),
          fresh: format.bytes(facts.newBytes),
          seconds: format.seconds(facts.seconds ?? 0),
        })}
      </p>
      <div>
        <Button asChild>
          <Link to="/backups/$id" params={{ id: facts.id }}>
            {t('jobs.results.openBackup')}
          </Link>
        </Button>
      </div>
    </div>
  )
}

interface Drill {
  readonly result: string
  readonly rows: number
  readonly seconds: number
  readonly tables: readonly {
    readonly schema: string
    readonly name: string
    readonly rows: number
    readonly compared: string
  }[]
}

function DrillResult({ of }: { of: unknown }) {
  const { t } = useTranslation()
  const format = useFormat()
  if (typeof of !== 'object' || of === null) return null
  const { result, rows, seconds, tables } = of as Drill
  const passed = result === 'passed'
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <Badge meaning={passed ? 'good' : 'bad'} icon={passed ? 'proven' : 'failed'}>
          {t(passed ? 'jobs.results.passed' : 'jobs.results.notPassed')}
        </Badge>
        <span>
          {t('jobs.results.drill', {
            rows: t('units.rows', { count: rows, value: format.number(rows) }),
            tables: t('units.tables', { count: tables.length, value: format.number(tables.length) }),
            seconds: format.seconds(seconds),
          })}
        </span>
      </div>
      <div className="overflow-x-auto rounded-lg border bg-surface">
        <table className="w-full">
          <thead>
            <tr className="text-sm text-ink-2">
              <th scope="col" className="h-8 px-3 text-start font-medium">
                {t('tables.table')}
              </th>
              <th scope="col" className="h-8 px-3 text-end font-medium">
                {t('tables.rows')}
              </th>
              <th scope="col" className="h-8 px-3 text-start font-medium">
                {t('tables.compared')}
              </th>
            </tr>
          </thead>
          <tbody>
            {tables.map((table) => (
              <tr key={`${table.schema}.${table.name}`}>
                <td className="border-t px-3 py-1.5">
                  <Code>{`${table.schema}.${table.name}`}</Code>
                </td>
                <td className="border-t px-3 py-1.5 text-end">
                  <Count of={table.rows} />
                </td>
                <td className="border-t px-3 py-1.5 text-ink-2">
                  {t(`tables.how.${table.compared.replace(' ', '_')}`, { defaultValue: table.compared })}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}

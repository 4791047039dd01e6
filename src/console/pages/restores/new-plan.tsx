import { useTranslation } from 'react-i18next'
import type { BackupFacts } from '../../lib/backup-facts.ts'
import { useFormat } from '../../lib/format.ts'
import type { SourceTables } from '../../lib/types.ts'
import { BeforeAfter } from '../../ui/before-after.tsx'
import { Card } from '../../ui/card.tsx'
import { Code, Moment } from '../../ui/words.tsx'
import { namesOf, patternOf, scopeOf, type Choice, type NewPlace } from './choice.ts'
import { CountBars } from './count-bars.tsx'

interface Counted {
  readonly schema: string
  readonly name: string
  readonly rows: number
}

interface NewPlanProps {
  readonly choice: Choice
  readonly backup: BackupFacts
  readonly place: NewPlace
  readonly tables: readonly Counted[] | null
  readonly modules: SourceTables['modules']
}

/** What will be in the new database. Nothing that is there is touched, so that this is all there is to say. */
export function NewPlan({ choice, backup, place, tables, modules }: NewPlanProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const scope = scopeOf(choice)
  const names = namesOf(choice)
  const inModules = new Set(
    modules.filter(({ name }) => names.includes(name)).flatMap((module) => module.tables.map(patternOf)),
  )
  const meant = (tables ?? []).filter((table) =>
    scope === 'all'
      ? true
      : scope === 'modules'
        ? inModules.has(patternOf(table))
        : names.includes(patternOf(table)),
  )
  const rows = scope === 'all' ? backup.rows : meant.reduce((sum, table) => sum + table.rows, 0)
  const count = scope === 'all' ? backup.tables : meant.length
  return (
    <>
      <Card className="grid gap-3 p-5 phone:p-4">
        <p className="text-lg">
          {t('restores.plan.headline', {
            tables: t('units.tables', { count, value: format.number(count) }),
            rows: t('units.rows', { count: rows, value: format.number(rows) }),
          })}{' '}
          <Code className="font-semibold">{place.database}</Code>
        </p>
        <BeforeAfter created={rows} changed={0} deleted={0} />
        <ul className="grid list-disc gap-1 ps-5 text-ink-2">
          <li>
            {t('restores.plan.asAt')} <Moment at={backup.moment} />
          </li>
          <li>
            {t('restores.plan.server')} <Code>{place.server}</Code>
          </li>
          <li>{t('restores.plan.untouched')}</li>
          <li>{t('restores.plan.quiet')}</li>
          <li>{t('restores.plan.undo')}</li>
        </ul>
      </Card>
      {meant.length > 0 && (
        <CountBars
          tables={meant.map(({ schema, name, rows: created }) => ({
            name: `${schema}.${name}`,
            created,
            changed: 0,
            deleted: 0,
          }))}
        />
      )}
    </>
  )
}

import { useTranslation } from 'react-i18next'
import { useFormat } from '../../lib/format.ts'
import type { Preview, PreviewTable } from '../../lib/preview.ts'
import { useSentenceWords } from '../../lib/sentence-words.ts'
import { BeforeAfter } from '../../ui/before-after.tsx'
import { Card, SectionHead } from '../../ui/card.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Warning } from '../../ui/notes.tsx'
import { Code, Moment } from '../../ui/words.tsx'
import { CountBars } from './count-bars.tsx'
import { Samples } from './samples.tsx'

const nameOf = ({ schema, name }: { schema: string; name: string }): string => `${schema}.${name}`
const isChanged = (table: PreviewTable): boolean => table.create + table.update + table.delete > 0

/** What would change, before anything does: what stands in the way first, then how much, then which rows. */
export function Look({ preview, undoing }: { preview: Preview; undoing: boolean }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { totals, tables, makes, drops, moment, parts } = preview
  const changed = tables.filter(isChanged)
  const counts = [
    ...makes.map((table) => ({ name: nameOf(table), created: table.rows, changed: 0, deleted: 0 })),
    ...drops.map((table) => ({ name: nameOf(table), created: 0, changed: 0, deleted: table.rows })),
    ...changed.map((table) => ({
      name: nameOf(table),
      created: table.create,
      changed: table.update,
      deleted: table.delete,
    })),
  ]
  const whole = (list: readonly { readonly rows: number }[]): number =>
    list.reduce((sum, { rows }) => sum + rows, 0)
  return (
    <>
      <Obstacles preview={preview} />
      <Card className="grid gap-3 p-5 phone:p-4">
        <h2 className="text-lg">
          {t('restores.look.headline')} <Code>{preview.database}</Code>
        </h2>
        <BeforeAfter
          created={totals.create + whole(makes)}
          changed={totals.update}
          deleted={totals.delete + whole(drops)}
        />
        <p className="text-ink-2">
          {moment === null
            ? t(undoing ? 'restores.look.before' : 'restores.look.asInBackup')
            : t('restores.look.asAt')}{' '}
          {moment !== null && <Moment at={moment} />}
        </p>
        <Around preview={preview} />
      </Card>
      {counts.length > 0 && (
        <section>
          <SectionHead>
            {t('restores.look.tables', { count: counts.length, value: format.number(counts.length) })}
          </SectionHead>
          <CountBars tables={counts} />
        </section>
      )}
      {tables.some(({ samples }) => samples.length > 0) && (
        <section>
          <SectionHead>{t('restores.look.rows')}</SectionHead>
          <div className="grid gap-2">
            {tables
              .filter(({ samples }) => samples.length > 0)
              .map((table, index) => (
                <Samples
                  key={nameOf(table)}
                  table={table}
                  name={nameOf(table)}
                  parts={parts}
                  open={index < 3}
                />
              ))}
          </div>
        </section>
      )}
    </>
  )
}

/** What must be read before anything else. */
function Obstacles({ preview: { problems, questions, warnings, parts, totals } }: { preview: Preview }) {
  const { t } = useTranslation()
  const words = useSentenceWords(parts)
  const format = useFormat()
  return (
    <>
      {problems.map((text) => (
        <div
          key={text}
          role="alert"
          className="flex gap-3 rounded-lg border border-bad/40 bg-bad-soft p-3 text-bad-text"
        >
          <Icon name="failed" className="mt-0.5" />
          <bdi className="min-w-0 flex-1 text-ink">{words(text)}</bdi>
        </div>
      ))}
      {[...questions.map(({ text }) => text), ...warnings].map((text) => (
        <Warning key={text}>
          <bdi>{words(text)}</bdi>
        </Warning>
      ))}
      {totals.conflicts > 0 && (
        <Warning>
          {t('restores.look.conflicts', { count: totals.conflicts, value: format.number(totals.conflicts) })}
        </Warning>
      )}
    </>
  )
}

/** What comes along and why, what stays, how long it takes and who waits meanwhile. */
function Around({ preview: { tables, estimate, makes, drops } }: { preview: Preview }) {
  const { t } = useTranslation()
  const format = useFormat()
  const alone = tables.reduce((sum, { leftAlone }) => sum + leftAlone, 0)
  const names = (list: readonly string[]): string => {
    const rest = list.length - mostNames
    const shown = list.slice(0, mostNames)
    return format.list(rest > 0 ? [...shown, t('units.tables', { count: rest, value: format.number(rest) })] : shown) // prettier-ignore
  }
  return (
    <ul className="grid list-disc gap-1 ps-5 text-ink-2">
      {tables
        .filter(({ neededBy, along }) => neededBy.length + along.length > 0)
        .map((table) => (
          <li key={nameOf(table)}>
            <Code className="text-ink">{nameOf(table)}</Code>{' '}
            {table.neededBy.length > 0
              ? t('restores.look.neededBy', {
                  count: table.create,
                  value: format.number(table.create),
                  tables: names(table.neededBy),
                })
              : t('restores.look.along', {
                  count: table.create,
                  value: format.number(table.create),
                  tables: names(table.along),
                })}
          </li>
        ))}
      {makes.length > 0 && <li>{t('restores.look.makes', { tables: names(makes.map(nameOf)) })}</li>}
      {drops.length > 0 && <li>{t('restores.look.drops', { tables: names(drops.map(nameOf)) })}</li>}
      {alone > 0 && <li>{t('restores.look.alone', { count: alone, value: format.number(alone) })}</li>}
      {estimate.locks.length + estimate.closed.length + makes.length + drops.length > 0 && (
        <li>
          {t('restores.look.takes', { time: format.seconds(Math.max(1, Math.round(estimate.seconds))) })}
        </li>
      )}
      {estimate.locks.length > 0 && <li>{t('restores.look.locks', { tables: names(estimate.locks) })}</li>}
      {estimate.closed.length > 0 && <li>{t('restores.look.closed', { tables: names(estimate.closed) })}</li>}
    </ul>
  )
}

const mostNames = 6

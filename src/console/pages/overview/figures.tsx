import { useTranslation } from 'react-i18next'
import { useFormat } from '../../lib/format.ts'
import { useStatistics } from '../../lib/queries.ts'
import { Card, SectionHead } from '../../ui/card.tsx'
import { Bars, SparkLine } from '../../ui/charts.tsx'

/** How backups went in the last thirty days: how many succeeded, and how long they took. */
export function Figures() {
  const { t } = useTranslation()
  const format = useFormat()
  const { data } = useStatistics()
  if (data === undefined || data.total === 0) return null
  const { days, successful, failed, successRate, averageSeconds } = data
  const bars = days.map((day) => ({
    id: day.day,
    good: day.successful,
    bad: day.failed,
    words: t('overview.dayWords', {
      day: format.day(new Date(`${day.day}T12:00:00`)),
      good: format.number(day.successful),
      bad: format.number(day.failed),
    }),
  }))
  const taken = days.flatMap(({ averageSeconds: seconds }) => (seconds === null ? [] : [seconds]))
  const words = t('overview.month', { done: format.number(successful), failed: format.number(failed) })
  return (
    <section>
      <SectionHead>{t('overview.figures')}</SectionHead>
      <Card className="grid grid-cols-1 gap-4 px-4 py-3">
        <div className="grid grid-cols-1 gap-2">
          <p className="flex items-baseline justify-between gap-3">
            <span className="text-ink-2">{t('overview.successRate')}</span>
            {successRate !== null && (
              <span className="text-lg font-semibold">{format.percent(successRate)}</span>
            )}
          </p>
          <Bars label={words} bars={bars} />
          <p className="text-sm text-ink-2">{words}</p>
        </div>
        {averageSeconds !== null && taken.length > 1 && (
          <div className="grid grid-cols-1 gap-2 border-t pt-3">
            <p className="flex items-baseline justify-between gap-3">
              <span className="text-ink-2">{t('overview.duration')}</span>
              <span className="text-lg font-semibold">{format.seconds(averageSeconds)}</span>
            </p>
            <SparkLine label={t('overview.duration')} values={taken} height={36} />
          </div>
        )}
      </Card>
    </section>
  )
}

import { useTranslation } from 'react-i18next'
import { useRepositoryStorage } from '../../lib/queries.ts'
import { useStorageWords } from '../../lib/storage-words.ts'
import { SectionHead } from '../../ui/card.tsx'
import { SparkLine } from '../../ui/charts.tsx'
import { Meter } from '../../ui/meter.tsx'
import { Warning } from '../../ui/notes.tsx'
import { Moment } from '../../ui/words.tsx'

/** What is used of it, when it will be full as it goes now, and whether it can be used at all. */
export function Capacity({ name }: { name: string }) {
  const { t } = useTranslation()
  const words = useStorageWords()
  const { data } = useRepositoryStorage(name)
  if (data === undefined) return null
  const { now, measuring, history } = data
  const said = now === null ? null : words(now)
  return (
    <section className="grid gap-2">
      <SectionHead
        aside={
          now !== null && (
            <span className="text-sm text-ink-2">
              {t('storage.measured')} <Moment at={now.at} show="ago" />
            </span>
          )
        }
      >
        {t('storage.capacity')}
      </SectionHead>
      {measuring?.ok === false && <Warning>{t('storage.cantUse')}</Warning>}
      <div className="grid gap-2 rounded-lg border bg-surface p-4">
        {now === null || said === null ? (
          <p className="text-ink-2">{t('storage.notMeasured')}</p>
        ) : (
          <>
            <p className="flex flex-wrap items-baseline justify-between gap-3">
              <span className="text-lg font-semibold">{said.used}</span>
              <span className={said.soon ? 'text-warn-text' : 'text-ink-2'}>{said.forecast}</span>
            </p>
            {now.capacityBytes !== null && (
              <Meter
                label={said.used}
                share={now.usedBytes / Math.max(1, now.capacityBytes)}
                soon={said.soon}
              />
            )}
            {history.length > 1 && (
              <SparkLine
                label={t('storage.usedOverTime')}
                values={history.map(({ usedBytes }) => usedBytes)}
                height={56}
              />
            )}
          </>
        )}
      </div>
    </section>
  )
}

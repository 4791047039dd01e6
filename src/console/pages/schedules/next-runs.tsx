import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { useFormat } from '../../lib/format.ts'
import { useNow } from '../../lib/now.ts'
import { useScheduleWords } from '../../lib/schedule-words.ts'
import type { ScheduleRule } from '../../lib/types.ts'
import { ErrorNote, Skeleton } from '../../ui/notes.tsx'

/** What the rule means: in words, and the next times as the service itself counts them, with its daylight saving. */
export function NextRuns({ rule, zone }: { rule: ScheduleRule; zone: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const now = useNow()
  const words = useScheduleWords()
  const runs = useQuery({
    queryKey: ['schedule-runs', rule, zone],
    queryFn: ({ signal }) =>
      request<{ items: readonly string[] }>('POST', '/schedules/next-runs', {
        signal,
        body: { rule, zone, count: 5 },
      }),
    retry: false,
    staleTime: 60_000,
  })
  const day = new Intl.DateTimeFormat(format.locale, {
    calendar: 'gregory',
    weekday: 'long',
    day: 'numeric',
    month: 'short',
    timeZone: zone,
  })
  const time = new Intl.DateTimeFormat(format.locale, {
    timeStyle: 'short',
    hourCycle: 'h23',
    timeZone: zone,
  })
  return (
    <section aria-live="polite" className="grid gap-3 rounded-lg border bg-surface p-4">
      <p className="font-medium">{words(rule, zone)}</p>
      {runs.error !== null && <ErrorNote error={runs.error} />}
      {runs.data === undefined && runs.error === null && <Skeleton className="h-37 rtl:h-40" />}
      {runs.data !== undefined && runs.error === null && (
        <>
          <h3 className="text-sm font-medium text-ink-2">{t('schedules.nextRuns')}</h3>
          <ol className="grid gap-1">
            {runs.data.items.map((at) => (
              <li key={at} className="grid grid-cols-[minmax(0,1fr)_auto_minmax(96px,auto)] gap-4">
                <span>{day.format(new Date(at))}</span>
                <time dateTime={at} title={format.exact(new Date(at))}>
                  {time.format(new Date(at))}
                </time>
                <span className="text-end text-ink-3">{format.relative(new Date(at), now)}</span>
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  )
}

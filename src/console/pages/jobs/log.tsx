import { useTranslation } from 'react-i18next'
import { useFormat } from '../../lib/format.ts'
import { useJobLog } from '../../lib/queries.ts'
import { ErrorNote, Skeleton } from '../../ui/notes.tsx'

const colours: Readonly<Record<string, string>> = { error: 'text-bad-text', warning: 'text-warn-text' }

/** What the command said, as it said it. */
export function JobLog({ id, over }: { id: string; over: boolean }) {
  const { t } = useTranslation()
  const { locale } = useFormat()
  const log = useJobLog(id, over)
  if (log.error !== null) return <ErrorNote error={log.error} />
  if (log.data === undefined) return <Skeleton className="h-20" />
  if (log.data.length === 0) return <p className="text-ink-2">{t(over ? 'jobs.noLog' : 'jobs.noLogYet')}</p>
  const clock = new Intl.DateTimeFormat(locale, {
    timeStyle: 'medium',
    hourCycle: 'h23',
    numberingSystem: 'latn',
  })
  return (
    <ol
      dir="ltr"
      tabIndex={0}
      aria-label={t('jobs.log')}
      className="max-h-96 overflow-auto rounded-lg border bg-surface p-3 font-mono text-sm leading-5"
    >
      {log.data.map(({ number, at, level, text }) => (
        <li key={number} className="grid grid-cols-[max-content_minmax(0,1fr)] gap-3">
          <time dateTime={at} className="text-ink-3">
            {clock.format(new Date(at))}
          </time>
          <span className={`break-words whitespace-pre-wrap ${colours[level] ?? ''}`}>
            {level !== 'info' && <span className="font-semibold">{t(`jobs.levels.${level}`)} </span>}
            {text}
          </span>
        </li>
      ))}
    </ol>
  )
}

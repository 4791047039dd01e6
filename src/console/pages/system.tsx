import { useTranslation } from 'react-i18next'
import { useFormat } from '../lib/format.ts'
import { useSystem } from '../lib/queries.ts'
import { Badge } from '../ui/badge.tsx'
import { Facts, PageHead, SectionHead } from '../ui/card.tsx'
import { ErrorNote, Skeleton } from '../ui/notes.tsx'
import { Code, Moment } from '../ui/words.tsx'

/** How the service itself stands. */
export function SystemPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const { data, error } = useSystem()
  if (error !== null)
    return (
      <>
        <PageHead title={t('nav.system')} />
        <ErrorNote error={error} />
      </>
    )
  if (data === undefined) return <Skeleton className="h-80" />
  const { queue, lastDay, workers } = data
  return (
    <>
      <PageHead
        title={t('nav.system')}
        about={t('system.pageAbout')}
        actions={
          <Badge meaning="good" icon="check">
            {t('system.ready')}
          </Badge>
        }
      />
      <div className="grid max-w-[760px] gap-6">
        <Facts
          facts={[
            { name: t('system.version'), value: <Code>{data.version}</Code> },
            { name: t('system.postgres'), value: <Code>{data.postgres}</Code> },
            { name: t('system.size'), value: format.bytes(data.catalogBytes) },
          ]}
        />
        <section>
          <SectionHead>{t('nav.jobs')}</SectionHead>
          <Facts
            facts={[
              { name: t('jobs.statuses.running'), value: format.number(queue.running) },
              { name: t('jobs.statuses.pending'), value: format.number(queue.pending) },
              ...(queue.oldestPendingAt === null ? [] : [{ name: t('system.oldest'), value: <Moment at={queue.oldestPendingAt} /> }]), // prettier-ignore
              { name: t('system.completed'), value: format.number(lastDay.completed) },
              { name: t('system.failed'), value: format.number(lastDay.failed) },
            ]}
          />
        </section>
        <section>
          <SectionHead>{t('system.workers')}</SectionHead>
          <p className="mb-2 text-ink-2">{t('system.workersAbout')}</p>
          {workers.length > 0 && (
            <Facts
              facts={workers.map(({ name, running, lastSeenAt }) => ({
                name,
                value:
                  running > 0 ? (
                    t('system.busy', { count: running, value: format.number(running) })
                  ) : (
                    <Moment at={lastSeenAt} show="ago" />
                  ),
              }))}
            />
          )}
        </section>
      </div>
    </>
  )
}

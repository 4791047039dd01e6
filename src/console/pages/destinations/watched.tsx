import { Link, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useDestinations, useSchedules } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Destination, Schedule, Source } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { SectionHead } from '../../ui/card.tsx'
import { Code, Name } from '../../ui/words.tsx'
import { Followed } from './follow.tsx'
import { useTrying } from './trying.tsx'

/**
 * Who outside would notice that nothing runs any more, this service included: the pings that follow a source, its schedules with it, or one
 * schedule.
 */
export function Watched(o: { readonly source: Source } | { readonly schedule: Schedule }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const refused = useRefusal('create', 'destinations')
  const destinations = useDestinations().data
  const schedules = useSchedules().data ?? []
  if (destinations === undefined) return null
  const isOwn = ({ sourceId, scheduleId, jobKind }: Destination): boolean => {
    if ('schedule' in o) return scheduleId === o.schedule.id || (sourceId !== null && sourceId === o.schedule.sourceId && jobKind === o.schedule.kind) // prettier-ignore
    const { source } = o
    return sourceId === source.id || schedules.some(({ id, sourceId: of }) => id === scheduleId && of === source.id) // prettier-ignore
  }
  const pings = destinations.filter((one) => one.kind === 'ping' && isOwn(one))
  const about = 'schedule' in o ? { schedule: o.schedule.name } : { source: o.source.name }
  return (
    <section className="grid justify-items-start gap-2">
      <SectionHead>{t('destinations.pings.watched')}</SectionHead>
      {pings.length === 0 && <p className="text-ink-2">{t('destinations.pings.none')}</p>}
      {pings.length > 0 && (
        <ul className="grid w-full gap-px overflow-hidden rounded-lg border bg-line">
          {pings.map((one) => (
            <li key={one.id} className="bg-surface px-3 py-2">
              <Ping of={one} />
            </li>
          ))}
        </ul>
      )}
      {pings.length > 0 && <p className="text-sm text-ink-2">{t('destinations.pings.testHint')}</p>}
      <Button
        icon="plus"
        refused={refused}
        onClick={() => void navigate({ to: '/destinations/new', search: { kind: 'ping', ...about } })}
      >
        {t('destinations.pings.add')}
      </Button>
    </section>
  )
}

function Ping({ of }: { of: Destination }) {
  const { toggle, verb, problem } = useTrying(of)
  const { name, settings } = of
  const { host } = settings
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <div className="grid min-w-0 gap-0.5">
          <p>
            <Link
              to="/destinations/$name"
              params={{ name }}
              className="font-medium underline-offset-2 hover:underline"
            >
              <Name>{name}</Name>
            </Link>
            {typeof host === 'string' && (
              <>
                {' '}
                <Code className="text-ink-2">{host}</Code>
              </>
            )}
          </p>
          <p className="text-ink-2">
            <Followed of={of} />
          </p>
        </div>
        <div className="flex items-center gap-3">
          {verb}
          {toggle}
        </div>
      </div>
      {problem}
    </div>
  )
}

import { Outlet, useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { request } from '../lib/api.ts'
import { useAlarms, useChange, useUnseenAlarms } from '../lib/queries.ts'
import type { Alarm, Page, Severity } from '../lib/types.ts'
import { State, type Meaning } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { PageHead } from '../ui/card.tsx'
import { FilterBar } from '../ui/filter-bar.tsx'
import type { IconName } from '../ui/icons.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../ui/notes.tsx'
import { Table, type Column } from '../ui/table.tsx'
import { toast } from '../ui/toast.tsx'
import { Moment, Name } from '../ui/words.tsx'

const severities: readonly Severity[] = ['info', 'warning', 'error', 'critical']

export function AlarmsPage() {
  const { t } = useTranslation()
  const { open, severity } = useSearch({ from: '/app/alarms' })
  const navigate = useNavigate({ from: '/alarms' })
  const alarms = useAlarms({ open, severity })
  const columns: readonly Column<Alarm>[] = [
    {
      id: 'title',
      head: t('alarms.what'),
      cell: ({ event, title, seen }) => (
        <span className={seen ? '' : 'font-semibold'}>
          {t(`alarms.events.${event}`, { defaultValue: title })}
        </span>
      ),
      width: '28%',
    },
    { id: 'about', head: t('alarms.about'), cell: ({ about }) => <Name>{about}</Name> },
    {
      id: 'raised',
      head: t('alarms.raised'),
      cell: ({ raisedAt }) => <Moment at={raisedAt} />,
      width: '24%',
    },
    {
      id: 'state',
      head: t('alarms.state'),
      cell: (alarm) => <AlarmState of={alarm} />,
      width: '18%',
      phone: 'aside',
    },
  ]
  return (
    <>
      <PageHead title={t('nav.alarms')} about={t('alarms.pageAbout')} actions={<SeeAll />} />
      <FilterBar
        filters={[
          {
            name: 'open',
            label: t('alarms.state'),
            value: open,
            choices: [
              { value: 'true', text: t('alarms.open') },
              { value: 'false', text: t('alarms.over') },
            ],
          },
          {
            name: 'severity',
            label: t('alarms.from'),
            value: severity,
            choices: severities.map((value) => ({ value, text: t(`alarms.severities.${value}`) })),
          },
        ]}
        onFilter={(changed) => void navigate({ search: (old) => ({ ...old, ...changed }), replace: true })}
      />
      {alarms.error !== null && <ErrorNote error={alarms.error} retry={() => void alarms.refetch()} />}
      {alarms.items === undefined && alarms.error === null && <Skeleton className="h-60" />}
      {alarms.items?.length === 0 && (
        <EmptyState icon="bell" title={t('alarms.empty.title')}>
          {t('alarms.empty.text')}
        </EmptyState>
      )}
      {alarms.items !== undefined && alarms.items.length > 0 && (
        <Table
          label={t('nav.alarms')}
          columns={columns}
          rows={alarms.items}
          idOf={({ id }) => id}
          link={({ id }) => ({ to: '/alarms/$id', params: { id }, search: true })}
          onEnd={
            alarms.hasNextPage && !alarms.isFetchingNextPage ? () => void alarms.fetchNextPage() : undefined
          }
        />
      )}
      <Outlet />
    </>
  )
}

/** All that are open and were not seen, also those that the list has not read yet. */
function SeeAll() {
  const { t } = useTranslation()
  const unseen = useUnseenAlarms().data?.items.length ?? 0
  const see = useChange(seeAll, ['alarms'])
  return (
    <Button
      icon="check"
      refused={unseen === 0 ? t('alarms.allSeen') : null}
      busy={see.isPending}
      onClick={() => see.mutate(undefined, { onError: ({ message }) => toast(message, 'bad') })}
    >
      {t('alarms.seeAll')}
    </Button>
  )
}

async function seeAll(): Promise<void> {
  for (;;) {
    const query = { open: 'true', unseen: 'true', limit: 200 }
    const { items, next } = await request<Page<Alarm>>('GET', '/alarms', { query })
    if (items.length > 0) await request('POST', '/alarms/seen', { body: { ids: items.map(({ id }) => id) } })
    if (next === null) return
  }
}

const looks: Readonly<Record<Severity, readonly [Meaning, IconName]>> = {
  info: ['none', 'check'],
  warning: ['warn', 'warning'],
  error: ['bad', 'failed'],
  critical: ['bad', 'warning'],
}

/** How bad it is while it is open; afterwards, that it is over. */
export function AlarmState({ of }: { of: Alarm }) {
  const { t } = useTranslation()
  if (of.closedAt !== null) return <State meaning="none" icon="check">{t('alarms.over')}</State> // prettier-ignore
  const [meaning, icon] = looks[of.severity]
  return (
    <State meaning={meaning} icon={icon}>
      {t(`alarms.severities.${of.severity}`)}
    </State>
  )
}

import { useTranslation } from 'react-i18next'
import { request } from '../lib/api.ts'
import {
  useApprovals,
  useChange,
  useRepositories,
  useSchedules,
  useSettings,
  useSources,
} from '../lib/queries.ts'
import { useRefusal } from '../lib/rights.ts'
import type { Approval, Settings } from '../lib/types.ts'
import { Who } from '../lib/who.tsx'
import { useSession } from '../session.ts'
import { Badge, type Meaning } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Card, PageHead } from '../ui/card.tsx'
import { Destroy } from '../ui/destroy.tsx'
import type { IconName } from '../ui/icons.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../ui/notes.tsx'
import { toast } from '../ui/toast.tsx'
import { Code, Moment, Name } from '../ui/words.tsx'
import { useState } from 'react'

/** What somebody wants to destroy and a second person decides on. */
export function ApprovalsPage() {
  const { t } = useTranslation()
  const approvals = useApprovals()
  return (
    <>
      <PageHead title={t('nav.approvals')} about={t('approvals.pageAbout')} actions={<SwitchRule />} />
      {approvals.error !== null && <ErrorNote error={approvals.error} />}
      {approvals.data === undefined && approvals.error === null && <Skeleton />}
      {approvals.data?.length === 0 && (
        <EmptyState icon="check" title={t('approvals.empty.title')}>
          {t('approvals.empty.text')}
        </EmptyState>
      )}
      <ul className="grid gap-3">
        {(approvals.data ?? []).map((approval) => (
          <li key={approval.id}>
            <Wish approval={approval} />
          </li>
        ))}
      </ul>
    </>
  )
}

const looks: Readonly<Record<Approval['status'], readonly [Meaning, IconName]>> = {
  pending: ['warn', 'waiting'],
  approved: ['good', 'check'],
  refused: ['bad', 'failed'],
  used: ['none', 'check'],
  expired: ['none', 'cancelled'],
}

function Wish({ approval }: { approval: Approval }) {
  const { t } = useTranslation()
  const may = useRefusal('change', 'approvals')
  const own = useSession()?.subject === approval.requestedBy
  const refused = own ? t('approvals.own') : may
  const decide = useChange(
    (verb: 'approve' | 'refuse') => request('POST', `/approvals/${approval.id}/${verb}`),
    ['approvals'],
  )
  const [meaning, icon] = looks[approval.status]
  return (
    <Card className="grid gap-3 p-4">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="grid min-w-0 gap-0.5">
          <h2 className="font-semibold">
            {t(`approvals.operations.${approval.operation}`, { defaultValue: approval.operation })}{' '}
            <About of={approval.about} />
          </h2>
          <p className="text-ink-2">
            {t('approvals.by')} <Who of={approval.requestedBy} /> ·{' '}
            <Moment at={approval.createdAt} show="ago" />
          </p>
        </div>
        <Badge meaning={meaning} icon={icon}>
          {t(`approvals.statuses.${approval.status}`)}
        </Badge>
      </div>
      {approval.reason !== null && (
        <blockquote className="border-s-2 ps-3">
          <bdi>{approval.reason}</bdi>
        </blockquote>
      )}
      {approval.decidedBy !== null && (
        <p className="text-sm text-ink-3">
          {t('approvals.decidedBy')} <Who of={approval.decidedBy} />
        </p>
      )}
      {decide.error !== null && <ErrorNote error={decide.error} />}
      {approval.status === 'pending' && (
        <div className="flex flex-wrap items-center gap-2">
          <Button
            look="main"
            icon="check"
            refused={refused}
            busy={decide.isPending}
            onClick={() => decide.mutate('approve')}
          >
            {' '}
            {/* prettier-ignore */}
            {t('approvals.approve')}
          </Button>
          <Button refused={refused} busy={decide.isPending} onClick={() => decide.mutate('refuse')}>
            {t('approvals.refuse')}
          </Button>
          <span className="text-sm text-ink-3">
            {t('destroy.until')} <Moment at={approval.expiresAt} />
          </span>
        </div>
      )}
    </Card>
  )
}

/** By its name where it is known; the wish itself is told by an id, which nobody can give another meaning meanwhile. */
function About({ of }: { of: string }) {
  const known = [useSources().data, useRepositories().data, useSchedules().data]
  const found = known.flatMap((list) => [...(list ?? [])]).find(({ id }) => id === of)
  return found === undefined ? <Code>{of}</Code> : <Name>{found.name}</Name>
}

function SwitchRule() {
  const { t } = useTranslation()
  const settings = useSettings().data
  const refused = useRefusal('change', 'settings')
  const [asked, setAsked] = useState(false)
  const on = useChange(
    () => request<Settings>('PATCH', '/settings', { body: { approvals: true } }),
    ['settings'],
  )
  if (settings === undefined) return null
  if (!settings.approvals)
    return (
      <Button
        refused={refused}
        busy={on.isPending}
        onClick={() => on.mutate(undefined, { onSuccess: () => toast(t('approvals.on')) })}
      >
        {' '}
        {/* prettier-ignore */}
        {t('approvals.turnOn')}
      </Button>
    )
  return (
    <>
      <Button look="quiet" refused={refused} onClick={() => setAsked(true)}>
        {t('approvals.turnOff')}
      </Button>
      {asked && (
        <Destroy
          title={t('approvals.offTitle')}
          typed="approvals"
          verb={t('approvals.turnOff')}
          method="PATCH"
          path="/settings"
          body={{ approvals: false }}
          stale={['settings']}
          onClose={() => setAsked(false)}
          onDone={() => setAsked(false)}
        >
          <p>{t('approvals.offText')}</p>
        </Destroy>
      )}
    </>
  )
}

import { useMutation } from '@tanstack/react-query'
import { Outlet, useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { open } from '../lib/api.ts'
import { useAudit } from '../lib/queries.ts'
import type { AuditEntry } from '../lib/types.ts'
import { Who } from '../lib/who.tsx'
import { State, type Meaning } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { PageHead } from '../ui/card.tsx'
import { FilterBar } from '../ui/filter-bar.tsx'
import type { IconName } from '../ui/icons.tsx'
import { Menu, MenuItem } from '../ui/menu.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../ui/notes.tsx'
import { Table, type Column } from '../ui/table.tsx'
import { Code, Moment } from '../ui/words.tsx'
import { Verify } from './audit/verify.tsx'

const results = ['done', 'refused', 'failed'] as const
const nouns = ['sources', 'repositories', 'schedules', 'jobs', 'backups', 'restores', 'people', 'api_keys', 'settings', 'approvals', 'audit'] as const // prettier-ignore

export function AuditPage() {
  const { t } = useTranslation()
  const { who, action, result } = useSearch({ from: '/app/audit' })
  const navigate = useNavigate({ from: '/audit' })
  const audit = useAudit({ who, action, result })
  const set = (changed: Readonly<Record<string, string | undefined>>): void =>
    void navigate({ search: (old) => ({ ...old, ...changed }), replace: true })
  const columns: readonly Column<AuditEntry>[] = [
    { id: 'at', head: t('audit.at'), cell: ({ at }) => <Moment at={at} show="time" />, width: '150px' },
    { id: 'who', head: t('audit.who'), cell: (entry) => <Who of={entry.who} />, width: '20%' },
    { id: 'action', head: t('audit.action'), cell: ({ action: what }) => <Action of={what} />, width: '22%' },
    { id: 'about', head: t('audit.about'), cell: ({ about }) => <Code>{about}</Code> },
    { id: 'from', head: t('audit.from'), cell: ({ address }) => <Code>{address ?? ''}</Code>, width: '13%', from: 'lg', phone: 'none' }, // prettier-ignore
    { id: 'result', head: t('audit.result'), cell: (entry) => <Result of={entry} />, width: '13%', phone: 'aside' }, // prettier-ignore
  ]
  return (
    <>
      <PageHead
        title={t('nav.audit')}
        about={t('audit.pageAbout')}
        actions={
          <>
            <Verify head={audit.head} />
            <Export />
          </>
        }
      />
      <FilterBar
        filters={[
          {
            name: 'action',
            label: t('audit.action'),
            value: action,
            choices: nouns.map((value) => ({ value, text: t(`audit.nouns.${value}`) })),
          },
          {
            name: 'result',
            label: t('audit.result'),
            value: result,
            choices: results.map((value) => ({ value, text: t(`audit.results.${value}`) })),
          },
        ]}
        onFilter={set}
        {...(who === undefined ? {} : { aside: <Button look="quiet" icon="close" onClick={() => set({ who: undefined })}><Who of={who} /></Button> })} // prettier-ignore
      />
      {audit.error !== null && <ErrorNote error={audit.error} retry={() => void audit.refetch()} />}
      {audit.items === undefined && audit.error === null && <Skeleton className="h-80" />}
      {audit.items?.length === 0 && (
        <EmptyState icon="audit" title={t('table.nothing')}>
          {t('table.nothingText')}
        </EmptyState>
      )}
      {audit.items !== undefined && audit.items.length > 0 && (
        <Table
          label={t('nav.audit')}
          columns={columns}
          rows={audit.items}
          idOf={({ number }) => String(number)}
          link={({ number }) => ({ to: '/audit/$number', params: { number: String(number) }, search: true })}
          onEnd={
            audit.hasNextPage && !audit.isFetchingNextPage ? () => void audit.fetchNextPage() : undefined
          }
        />
      )}
      <Outlet />
    </>
  )
}

const looks: Readonly<Record<AuditEntry['result'], readonly [Meaning, IconName]>> = {
  done: ['good', 'check'],
  refused: ['warn', 'cancelled'],
  failed: ['bad', 'failed'],
}

/** What was done, in words; pointed at, as the service calls it. */
export function Action({ of }: { of: string }) {
  const { t } = useTranslation()
  const words = t(`audit.actions.${of}`, { defaultValue: '' })
  return words === '' ? <Code>{of}</Code> : <span title={of}>{words}</span>
}

export function Result({ of: { result } }: { of: AuditEntry }) {
  const { t } = useTranslation()
  const [meaning, icon] = looks[result]
  return (
    <State meaning={meaning} icon={icon}>
      {t(`audit.results.${result}`)}
    </State>
  )
}

function Export() {
  const { t } = useTranslation()
  const save = useMutation({
    async mutationFn(format: 'csv' | 'json') {
      const response = await open(`/audit/export?format=${format}`)
      const link = document.createElement('a')
      link.href = URL.createObjectURL(await response.blob())
      link.download = `audit.${format}`
      link.click()
      URL.revokeObjectURL(link.href)
    },
  })
  return (
    <Menu
      trigger={
        <Button icon="down" busy={save.isPending}>
          {t('audit.export')}
        </Button>
      }
    >
      <MenuItem onSelect={() => save.mutate('csv')}>{t('audit.formats.csv')}</MenuItem>
      <MenuItem onSelect={() => save.mutate('json')}>{t('audit.formats.json')}</MenuItem>
    </Menu>
  )
}

import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState, type FormEvent, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { KeepPreview } from '../../lib/keep-preview.tsx'
import { useNow } from '../../lib/now.ts'
import { useChange, useRepositories, useSchedules, useSources } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Schedule } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Input, Select } from '../../ui/field.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../../ui/notes.tsx'
import { Sheet } from '../../ui/overlay.tsx'
import { toast } from '../../ui/toast.tsx'
import { Name } from '../../ui/words.tsx'
import { Watched } from '../destinations/watched.tsx'
import { draftOf, keepOf, newDraft, ruleOf, type Draft } from './draft.ts'
import { KeepFields } from './keep-fields.tsx'
import { NextRuns } from './next-runs.tsx'
import { RuleFields } from './rule-fields.tsx'

const kinds = ['backup', 'drill', 'check', 'prune', 'refresh'] as const
/** Those of a whole repository; the others are of a source. */
const ofRepository: readonly string[] = ['check', 'refresh']
/** Whether it decides which backups stay. */
const keeps = ({ kind }: Draft): boolean => kind === 'backup' || kind === 'prune'

export function NewSchedule() {
  const { t } = useTranslation()
  const { of } = useSearch({ from: '/app/schedules/new' })
  const [draft, setDraft] = useState<Draft>(newDraft(of ?? '', useNow()))
  const add = useChange((body: unknown) => request<Schedule>('POST', '/schedules', { body }), ['schedules'])
  const targets = useTargets(draft.kind)
  const about = draft.about === '' ? (targets[0] ?? '') : draft.about
  return (
    <ScheduleSheet
      title={t('schedules.new.title')}
      draft={draft}
      onDraft={setDraft}
      source={keeps(draft) ? about : undefined}
      keep={keepOf(draft, null)}
      refused={useRefusal('create', 'schedules')}
      error={add.error}
      busy={add.isPending}
      verb={t('schedules.new.submit')}
      onSubmit={(done) => {
        const { name, kind, zone } = draft
        const what = ofRepository.includes(kind) ? { repository: about } : { source: about }
        const keep = keeps(draft) ? { keep: keepOf(draft, null) } : {}
        add.mutate({ name, kind, ...what, zone, rule: ruleOf(draft), ...keep }, { onSuccess: done })
      }}
    >
      <Input
        required
        code
        label={t('schedules.name')}
        hint={t('schedules.nameHint')}
        value={draft.name}
        onChange={(event) => setDraft({ ...draft, name: event.target.value })}
      />
      <Select
        label={t('jobs.kind')}
        hint={t(`schedules.kindHints.${draft.kind}`)}
        value={draft.kind}
        choices={kinds.map((value) => ({ value, text: t(`jobs.kinds.${value}`) }))}
        onChoose={(kind) => setDraft({ ...draft, kind, about: '' })}
      />
      <Select
        label={t(ofRepository.includes(draft.kind) ? 'storage.one' : 'sources.one')}
        value={about}
        choices={targets.map((value) => ({ value, text: value }))}
        onChoose={(next) => setDraft({ ...draft, about: next })}
      />
    </ScheduleSheet>
  )
}

function useTargets(kind: string): readonly string[] {
  const sources = useSources().data ?? []
  const repositories = useRepositories().data ?? []
  return (ofRepository.includes(kind) ? repositories : sources).map(({ name }) => name)
}

export function EditSchedule() {
  const { t } = useTranslation()
  const { name } = useParams({ from: '/app/schedules/$name' })
  const navigate = useNavigate()
  const schedules = useSchedules()
  // Its source tells which backups would go: until it is known, what stands below would move.
  const waits = useSources().isLoading || schedules.data === undefined
  const found = schedules.data?.find((one) => one.name === name)
  if (found !== undefined && !waits) return <Edit key={found.id} schedule={found} />
  return (
    <Sheet title={<Name>{name}</Name>} onClose={() => void navigate({ to: '/schedules' })}>
      {waits ? (
        <Skeleton />
      ) : (
        <EmptyState icon="schedules" title={t('schedules.gone.title')}>
          {t('schedules.gone.text')}
        </EmptyState>
      )}
    </Sheet>
  )
}

function Edit({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation()
  const [draft, setDraft] = useState<Draft>(draftOf(schedule, '', useNow()))
  const source = useSources().data?.find(({ id }) => id === schedule.sourceId)?.name
  const change = useChange(
    (body: unknown) => request<Schedule>('PATCH', `/schedules/${schedule.name}`, { body }),
    ['schedules'],
  )
  return (
    <ScheduleSheet
      title={<Name>{schedule.name}</Name>}
      draft={draft}
      onDraft={setDraft}
      source={keeps(draft) ? source : undefined}
      keep={keepOf(draft, schedule.keep)}
      refused={useRefusal('change', 'schedules')}
      error={change.error}
      busy={change.isPending}
      verb={t('common.save')}
      onSubmit={(done) => {
        const { zone } = draft
        const keep = keeps(draft) ? { keep: keepOf(draft, schedule.keep) } : {}
        change.mutate({ rule: ruleOf(draft), zone, ...keep }, { onSuccess: done })
      }}
      after={<Watched schedule={schedule} />}
    />
  )
}

interface ScheduleSheetProps {
  /** Whose backups it decides about, and by which rules; null: all stay. */
  readonly source: string | undefined
  readonly keep: Readonly<Record<string, unknown>> | null
  readonly title: ReactNode
  readonly draft: Draft
  readonly onDraft: (draft: Draft) => void
  readonly refused: string | null
  readonly error: unknown
  readonly busy: boolean
  readonly verb: string
  readonly onSubmit: (done: () => void) => void
  /** Stands above what all have. */
  readonly children?: ReactNode
  /** Stands below the form, and is no part of it. */
  readonly after?: ReactNode
}

function ScheduleSheet(o: ScheduleSheetProps) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { draft, onDraft } = o
  const close = (): void => void navigate({ to: '/schedules' })

  function submit(event: FormEvent): void {
    event.preventDefault()
    o.onSubmit(() => {
      toast(t('schedules.saved'))
      close()
    })
  }

  return (
    <Sheet title={o.title} onClose={close}>
      <form className="grid gap-5" onSubmit={submit}>
        {o.children}
        <RuleFields draft={draft} onDraft={onDraft} />
        <NextRuns rule={ruleOf(draft)} zone={draft.zone} />
        {keeps(draft) && <KeepFields draft={draft} onDraft={onDraft} />}
        {o.source !== undefined && o.keep !== null && <KeepPreview source={o.source} keep={o.keep} />}
        {o.error !== null && <ErrorNote error={o.error} />}
        <div className="flex gap-2">
          <Button type="submit" look="main" busy={o.busy} refused={o.refused}>
            {o.verb}
          </Button>
          <Button onClick={close}>{t('common.cancel')}</Button>
        </div>
      </form>
      {o.after}
    </Sheet>
  )
}

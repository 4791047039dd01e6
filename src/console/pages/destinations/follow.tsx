import { useTranslation } from 'react-i18next'
import { useSchedules, useSources } from '../../lib/queries.ts'
import type { Destination, DestinationInput } from '../../lib/types.ts'
import { Select } from '../../ui/field.tsx'
import { Name } from '../../ui/words.tsx'

/* Whose jobs a ping follows. */

export type Follows = NonNullable<DestinationInput['follows']> | null

/** Of a source there are jobs of several kinds. */
const kinds = ['backup', 'drill'] as const

export interface FollowDraft {
  /** `schedule NAME` or `source NAME`; empty: the first that there is. */
  readonly what: string
  readonly kind: string
}

export function newFollow(o: { source: string | undefined; schedule: string | undefined }): FollowDraft {
  const { source, schedule } = o
  const what = schedule !== undefined ? `schedule ${schedule}` : source !== undefined ? `source ${source}` : '' // prettier-ignore
  return { what, kind: 'backup' }
}

function useChoices(): readonly { readonly value: string; readonly text: string }[] {
  const { t } = useTranslation()
  const sources = useSources().data ?? []
  const schedules = useSchedules().data ?? []
  return [
    ...sources.map(({ name }) => ({ value: `source ${name}`, text: t('destinations.pings.ofSource', { name }) })), // prettier-ignore
    ...schedules.map(({ name }) => ({ value: `schedule ${name}`, text: t('destinations.pings.ofSchedule', { name }) })), // prettier-ignore
  ]
}

/** As the service takes it; null: there is nothing that could be followed. */
export function useFollowed({ what, kind }: FollowDraft): Follows {
  const [first] = useChoices()
  const [of, name] = (what === '' ? (first?.value ?? '') : what).split(' ')
  if (name === undefined) return null
  return of === 'schedule' ? { schedule: name } : { source: name, kind }
}

interface FollowFieldsProps {
  readonly draft: FollowDraft
  readonly onDraft: (draft: FollowDraft) => void
}

export function FollowFields({ draft, onDraft }: FollowFieldsProps) {
  const { t } = useTranslation()
  const choices = useChoices()
  const what = draft.what === '' ? (choices[0]?.value ?? '') : draft.what
  return (
    <>
      <Select
        label={t('destinations.pings.follows')}
        value={what}
        choices={choices}
        onChoose={(next) => onDraft({ ...draft, what: next })}
      />
      {what.startsWith('source ') && (
        <Select
          label={t('destinations.pings.kind')}
          value={draft.kind}
          choices={kinds.map((value) => ({ value, text: t(`jobs.kinds.${value}`) }))}
          onChoose={(kind) => onDraft({ ...draft, kind })}
        />
      )}
    </>
  )
}

/** In words: `Backup · shop`. */
export function Followed({ of }: { of: Destination }) {
  const { t } = useTranslation()
  const source = useSources().data?.find(({ id }) => id === of.sourceId)?.name
  const schedule = useSchedules().data?.find(({ id }) => id === of.scheduleId)?.name
  if (schedule !== undefined) return t('destinations.pings.ofSchedule', { name: schedule })
  return (
    <>
      {t(`jobs.kinds.${of.jobKind ?? 'backup'}`)} · <Name>{source ?? ''}</Name>
    </>
  )
}

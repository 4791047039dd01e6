import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { useFormat } from '../../lib/format.ts'
import { useChange, useSources, useSubscriptions } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Destination, Subscription } from '../../lib/types.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { SectionHead } from '../../ui/card.tsx'
import { Switch } from '../../ui/field.tsx'
import { ErrorNote, Warning } from '../../ui/notes.tsx'
import { toast } from '../../ui/toast.tsx'
import { changeOf, hearingOf, newHearing, type HearingDraft } from './draft.ts'
import { HearingFields, useHearingRefusal } from './hearing-fields.tsx'

/** In words: `At once, from: Warning · shop · Backup failed and Backup is late`. */
export function Heard({ of }: { of: Subscription }) {
  const { t } = useTranslation()
  const format = useFormat()
  const source = (useSources().data ?? []).find(({ id }) => id === of.sourceId)?.name
  const { mode, minSeverity, events } = of
  const parts = [
    t(`destinations.heard.${mode}`, { from: t(`alarms.severities.${minSeverity}`) }),
    ...(source === undefined ? [] : [source]),
    ...(events === null ? [] : [format.list(events.map((event) => t(`alarms.events.${event}`)))]),
  ]
  return parts.map((part, at) => (
    <span key={part}>
      {at > 0 && ' · '}
      <bdi>{part}</bdi>
    </span>
  ))
}

/** What of the alarms a destination hears: each subscription can be changed where it stands. */
export function Hearings({ of }: { of: Destination }) {
  const { t } = useTranslation()
  const [adding, setAdding] = useState(false)
  const refused = useRefusal('create', 'subscriptions')
  const { data } = useSubscriptions()
  const own = data?.filter(({ destinationId }) => destinationId === of.id) ?? []
  const add = useChange(
    (draft: HearingDraft) =>
      request<Subscription>('POST', '/subscriptions', { body: { destination: of.name, ...changeOf(draft) } }),
    ['subscriptions'],
  )
  return (
    <section className="grid gap-2">
      <SectionHead>{t('destinations.hears')}</SectionHead>
      {data !== undefined && own.length === 0 && <Warning>{t('destinations.hearsNothing')}</Warning>}
      {own.map((one) => (
        <One key={one.id} of={one} />
      ))}
      {adding ? (
        <HearingForm
          from={newHearing()}
          verb={t('destinations.subscribe')}
          busy={add.isPending}
          error={add.error}
          refused={refused}
          onClose={() => setAdding(false)}
          onSave={(draft) => add.mutate(draft, { onSuccess: () => setAdding(false) })}
        />
      ) : (
        <div>
          <Button icon="plus" refused={refused} onClick={() => setAdding(true)}>
            {t('destinations.subscribe')}
          </Button>
        </div>
      )}
    </section>
  )
}

function One({ of }: { of: Subscription }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const [mayChange, mayRemove] = [
    useRefusal('change', 'subscriptions'),
    useRefusal('remove', 'subscriptions'),
  ]
  const sources = new Map((useSources().data ?? []).map(({ id, name }) => [id, name]))
  const path = `/subscriptions/${of.id}`
  const change = useChange((draft: HearingDraft) => request('PUT', path, { body: changeOf(draft) }), ['subscriptions']) // prettier-ignore
  const remove = useChange(() => request('DELETE', path), ['subscriptions'])
  const now = hearingOf(of, sources)
  if (open)
    return (
      <HearingForm
        from={now}
        verb={t('common.save')}
        busy={change.isPending}
        error={change.error}
        refused={mayChange}
        onClose={() => setOpen(false)}
        onSave={(draft) =>
          change.mutate(draft, {
            onSuccess() {
              setOpen(false)
              toast(t('destinations.hearingSaved'))
            },
          })
        }
      />
    )
  const error = change.error ?? remove.error
  return (
    <div className="grid gap-2 rounded-lg border bg-surface p-3">
      <div className="flex items-start justify-between gap-3">
        <p className="min-w-0">
          <Heard of={of} />
        </p>
        <Switch
          label={t('destinations.hearingOn')}
          checked={of.enabled}
          disabled={mayChange !== null || change.isPending}
          onChange={(enabled) => change.mutate({ ...now, enabled })}
        />
      </div>
      {!of.enabled && (
        <div>
          <Badge meaning="none" icon="off">
            {t('destinations.hearingOff')}
          </Badge>
        </div>
      )}
      {error !== null && <ErrorNote error={error} />}
      <div className="flex gap-2">
        <Button icon="edit" refused={mayChange} onClick={() => setOpen(true)}>
          {t('common.change')}
        </Button>
        <Button
          look="quiet"
          icon="trash"
          refused={mayRemove}
          busy={remove.isPending}
          onClick={() => remove.mutate(undefined)}
        >
          {t('destinations.unsubscribe')}
        </Button>
      </div>
    </div>
  )
}

interface HearingFormProps {
  readonly from: HearingDraft
  readonly verb: string
  readonly busy: boolean
  readonly error: unknown
  readonly refused: string | null
  readonly onSave: (draft: HearingDraft) => void
  readonly onClose: () => void
}

function HearingForm(o: HearingFormProps) {
  const { t } = useTranslation()
  const [draft, setDraft] = useState(o.from)
  const lacks = useHearingRefusal(draft)

  function submit(event: FormEvent): void {
    event.preventDefault()
    if (lacks === null) o.onSave(draft)
  }

  return (
    <form className="grid gap-4 rounded-lg border bg-surface p-4" onSubmit={submit}>
      <HearingFields draft={draft} onDraft={setDraft} />
      {o.error !== null && <ErrorNote error={o.error} />}
      <div className="flex gap-2">
        <Button type="submit" look="main" busy={o.busy} refused={o.refused ?? lacks}>
          {o.verb}
        </Button>
        <Button onClick={o.onClose}>{t('common.cancel')}</Button>
      </div>
    </form>
  )
}

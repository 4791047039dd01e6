import { useTranslation } from 'react-i18next'
import { useFormat } from '../../lib/format.ts'
import { useSources } from '../../lib/queries.ts'
import type { Severity } from '../../lib/types.ts'
import { Checkbox, Select } from '../../ui/field.tsx'
import { eventNames, modes, severities, type HearingDraft } from './draft.ts'

interface HearingFieldsProps {
  readonly draft: HearingDraft
  readonly onDraft: (draft: HearingDraft) => void
}

/** Which alarms are told, of which source, and whether at once or together. */
export function HearingFields({ draft, onDraft }: HearingFieldsProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const sources = useSources().data ?? []
  const { events } = draft
  const hours = Array.from({ length: 24 }, (_, hour) => ({
    value: String(hour),
    text: format.hour(hour),
  }))
  return (
    <>
      <Select
        label={t('destinations.fields.source')}
        value={draft.source ?? ''}
        choices={[
          { value: '', text: t('destinations.allSources') },
          ...sources.map(({ name }) => ({ value: name, text: name })),
        ]}
        onChoose={(next) => onDraft({ ...draft, source: next === '' ? null : next })}
      />
      <Select
        label={t('destinations.fields.minSeverity')}
        value={draft.minSeverity}
        choices={severities.map((value) => ({ value, text: t(`alarms.severities.${value}`) }))}
        onChoose={(next) => onDraft({ ...draft, minSeverity: next as Severity })}
      />
      <Select
        label={t('destinations.fields.mode')}
        value={draft.mode}
        choices={modes.map((value) => ({ value, text: t(`destinations.modes.${value}`) }))}
        onChoose={(next) => onDraft({ ...draft, mode: next as HearingDraft['mode'] })}
      />
      {draft.mode !== 'each' && (
        <Select
          label={t('destinations.fields.hour')}
          hint={t('destinations.hourHint', { zone: draft.zone })}
          value={String(draft.hour)}
          choices={hours}
          onChoose={(next) => onDraft({ ...draft, hour: Number(next) })}
        />
      )}
      <fieldset className="grid gap-2">
        <legend className="mb-1.5 font-medium">{t('destinations.fields.events')}</legend>
        <Checkbox
          checked={events === null}
          onChange={(all) => onDraft({ ...draft, events: all ? null : eventNames })}
          label={t('destinations.allEvents')}
        />
        {events !== null && (
          <div className="grid gap-2 ps-6 sm:grid-cols-2">
            {eventNames.map((event) => (
              <Checkbox
                key={event}
                checked={events.includes(event)}
                onChange={(on) =>
                  onDraft({
                    ...draft,
                    events: eventNames.filter((one) => (one === event ? on : events.includes(one))),
                  })
                }
                label={t(`alarms.events.${event}`)}
              />
            ))}
          </div>
        )}
      </fieldset>
    </>
  )
}

/** Why it can't be kept so; null: it can. */
export function useHearingRefusal({ events }: HearingDraft): string | null {
  const { t } = useTranslation()
  return events?.length === 0 ? t('destinations.needsEvent') : null
}

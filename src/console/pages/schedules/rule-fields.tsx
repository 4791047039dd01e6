import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../lib/format.ts'
import { weekdays } from '../../lib/schedule-words.ts'
import { Checkbox, Input, Select } from '../../ui/field.tsx'
import { shapes, type Draft, type Shape, type Weekday } from './draft.ts'

interface DraftProps {
  readonly draft: Draft
  readonly onDraft: (draft: Draft) => void
}

/** When it runs: one of the presets, or an expression of cron; and in which zone. */
export function RuleFields({ draft, onDraft }: DraftProps) {
  const { t } = useTranslation()
  const zones = useMemo(() => ['UTC', ...Intl.supportedValuesOf('timeZone')], [])
  const { shape } = draft
  return (
    <div className="grid gap-5">
      <Select
        label={t('schedules.when')}
        value={shape}
        choices={shapes.map((value) => ({ value, text: t(`schedules.shapes.${value}`) }))}
        onChoose={(next) => onDraft({ ...draft, shape: next as Shape })}
      />
      {shape === 'days' && (
        <div className="grid grid-cols-2 gap-3">
          <Input
            type="number"
            min={1}
            max={366}
            label={t('schedules.every')}
            value={draft.count}
            onChange={(event) => onDraft({ ...draft, count: Number(event.target.value) })}
          />
          <Input
            type="date"
            required
            label={t('schedules.from')}
            value={draft.from}
            onChange={(event) => onDraft({ ...draft, from: event.target.value })}
          />
        </div>
      )}
      {shape === 'week' && <Weekdays draft={draft} onDraft={onDraft} />}
      {shape === 'month' && <MonthDay draft={draft} onDraft={onDraft} />}
      {shape === 'cron' ? (
        <Input
          required
          code
          label={t('schedules.cron')}
          hint={t('schedules.cronHint')}
          value={draft.cron}
          onChange={(event) => onDraft({ ...draft, cron: event.target.value })}
        />
      ) : (
        <Input
          type="time"
          required
          label={t('schedules.at')}
          value={draft.at}
          onChange={(event) => onDraft({ ...draft, at: event.target.value })}
        />
      )}
      <Select
        label={t('schedules.zone')}
        value={draft.zone}
        choices={[...new Set([draft.zone, ...zones])].map((value) => ({ value, text: value }))}
        onChoose={(zone) => onDraft({ ...draft, zone })}
      />
    </div>
  )
}

function Weekdays({ draft, onDraft }: DraftProps) {
  const { t } = useTranslation()
  const { locale } = useFormat()
  const name = new Intl.DateTimeFormat(locale, { weekday: 'long', timeZone: 'UTC' })
  const toggle = (day: Weekday, on: boolean): void => {
    const next = weekdays.filter((one) => (one === day ? on : draft.on.includes(one)))
    // At least one stays: a week without a day never comes.
    if (next.length > 0) onDraft({ ...draft, on: next })
  }
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-2 font-medium">{t('schedules.on')}</legend>
      <div className="grid grid-cols-2 gap-2">
        {weekdays.map((day, index) => (
          <Checkbox
            key={day}
            label={name.format(new Date(Date.UTC(2026, 10, 1 + index)))}
            checked={draft.on.includes(day)}
            onChange={(on) => toggle(day, on)}
          />
        ))}
      </div>
    </fieldset>
  )
}

function MonthDay({ draft, onDraft }: DraftProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const days = Array.from({ length: 28 }, (_, index) => ({
    value: String(index + 1),
    text: format.number(index + 1),
  }))
  return (
    <Select
      label={t('schedules.monthDay')}
      value={String(draft.day)}
      choices={[...days, { value: 'last', text: t('schedules.lastDay') }]}
      onChoose={(next) => onDraft({ ...draft, day: next === 'last' ? 'last' : Number(next) })}
    />
  )
}

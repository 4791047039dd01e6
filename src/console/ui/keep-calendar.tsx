import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../lib/format.ts'
import {
  monthsOf,
  type Day,
  type Decision,
  type KeepPlan,
  type Month,
  type Reason,
} from '../lib/keep-calendar.ts'
import { State } from './badge.tsx'
import { Button } from './button.tsx'
import { Icon } from './icons.tsx'

const shownFirst = 4

/** Which backups stay and which go, by day; a day that is chosen says why. Never by colour alone. */
export function KeepCalendar({ plan }: { plan: KeepPlan }) {
  const { t } = useTranslation()
  const format = useFormat()
  const months = monthsOf(plan)
  const [all, setAll] = useState(false)
  const [chosen, setChosen] = useState<string | null>(null)
  const day = months.flatMap(({ days }) => days).find(({ key }) => key === chosen)
  const [stay, go] = [true, false].map((keep) => plan.decisions.filter((one) => one.keep === keep).length)
  const count = (key: string, of = 0): string => t(key, { count: of, value: format.number(of) })
  return (
    <div className="grid gap-4">
      <p>
        <span className="font-medium">{format.list([count('keep.stay', stay), count('keep.go', go)])}</span>
        {plan.freesBytes > 0 && (
          <span className="text-ink-2"> · {t('keep.frees', { bytes: format.bytes(plan.freesBytes) })}</span>
        )}
      </p>
      <div className="grid gap-x-6 gap-y-4 sm:grid-cols-2">
        {months.slice(0, all ? undefined : shownFirst).map((month) => (
          <MonthGrid key={month.key} of={month} chosen={chosen} onChoose={setChosen} />
        ))}
      </div>
      {!all && months.length > shownFirst && (
        <div>
          <Button icon="down" onClick={() => setAll(true)}>
            {count('keep.more', months.length - shownFirst)}
          </Button>
        </div>
      )}
      <p className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
        <State meaning="good" icon="check">
          {t('keep.stays')}
        </State>
        <State meaning="bad" icon="trash">
          {t('keep.goes')}
        </State>
        {day === undefined && <span className="text-ink-2">{t('keep.chooseDay')}</span>}
      </p>
      {day !== undefined && (
        <ul aria-live="polite" className="grid gap-px overflow-hidden rounded-lg border bg-line">
          {[...day.stay, ...day.go].map((one) => (
            <Why key={one.id} of={one} zone={plan.zone} />
          ))}
        </ul>
      )}
    </div>
  )
}

interface MonthProps {
  readonly of: Month
  readonly chosen: string | null
  readonly onChoose: (day: string) => void
}

function MonthGrid({ of, chosen, onChoose }: MonthProps) {
  const format = useFormat()
  const style = { calendar: 'gregory', timeZone: 'UTC' } as const
  const name = new Intl.DateTimeFormat(format.locale, { ...style, month: 'long', year: 'numeric' })
  const weekday = new Intl.DateTimeFormat(format.locale, { ...style, weekday: 'narrow' })
  // The fifth of January 2026 is a Monday.
  const week = Array.from({ length: 7 }, (_, index) => new Date(Date.UTC(2026, 0, 5 + index)))
  return (
    <section>
      <h3 className="mb-1 text-sm font-medium">{name.format(new Date(`${of.key}-01T00:00:00Z`))}</h3>
      <div className="grid grid-cols-7 gap-0.5">
        {week.map((one) => (
          <span key={one.getTime()} aria-hidden="true" className="text-center text-xs text-ink-3">
            {weekday.format(one)}
          </span>
        ))}
        {of.before > 0 && <span style={{ gridColumn: `span ${of.before}` }} />}
        {of.days.map((day) => (
          <Cell key={day.key} of={day} chosen={day.key === chosen} onChoose={() => onChoose(day.key)} />
        ))}
      </div>
    </section>
  )
}

function Cell({ of, chosen, onChoose }: { of: Day; chosen: boolean; onChoose: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const [stay, go] = [of.stay.length, of.go.length]
  if (stay + go === 0)
    return (
      <span className="grid h-10 justify-center pt-1 text-xs text-ink-3">{format.number(of.number)}</span>
    )
  const counts = [
    ...(stay > 0 ? [t('keep.stay', { count: stay, value: format.number(stay) })] : []),
    ...(go > 0 ? [t('keep.go', { count: go, value: format.number(go) })] : []),
  ]
  return (
    <button
      type="button"
      aria-pressed={chosen}
      aria-label={`${format.day(new Date(`${of.key}T12:00:00`))}: ${format.list(counts)}`}
      onClick={onChoose}
      className={`grid h-10 justify-items-center gap-0.5 rounded-md border pt-1 text-xs ${
        stay > 0 ? 'bg-good-soft' : 'bg-sunken'
      } ${chosen ? 'border-accent' : 'border-transparent hover:border-edge'}`}
    >
      <span className={stay > 0 ? 'font-semibold' : 'text-ink-2 line-through'}>
        {format.number(of.number)}
      </span>
      <span className="flex items-center gap-1">
        {stay > 0 && <Mark icon="check" className="text-good-text" count={stay} />}
        {go > 0 && <Mark icon="trash" className="text-bad-text" count={go} />}
      </span>
    </button>
  )
}

function Mark({ icon, className, count }: { icon: 'check' | 'trash'; className: string; count: number }) {
  const format = useFormat()
  return (
    <span className={`flex items-center ${className}`}>
      <Icon name={icon} size={12} />
      {count > 1 && format.number(count)}
    </span>
  )
}

function Why({ of, zone }: { of: Decision; zone: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const at = new Date(of.moment)
  const words = ({ rule, text, key = rule, value = '' }: Reason): string => {
    const told = rule === 'locked' ? timeOf(value) : `\u2068${value}\u2069`
    // Of what a job of an older version has told there is no value.
    const whole = value === '' ? '' : t(`keep.valued.${key}`, { defaultValue: '', replace: { value: told } })
    return whole || t(`keep.reasons.${key}`, { defaultValue: '' }) || text
  }
  const timeOf = (iso: string): string => format.exact(new Date(iso), zone)
  return (
    <li className="grid gap-0.5 bg-surface px-3 py-2">
      <div className="flex items-baseline justify-between gap-3">
        <span className="min-w-0">
          <time dateTime={of.moment} className="font-medium">
            {format.exact(at, zone)}
          </time>
          {of.name !== null && (
            <>
              {' · '}
              <bdi>{of.name}</bdi>
            </>
          )}
        </span>
        <span className="shrink-0">
          <State meaning={of.keep ? 'good' : 'bad'} icon={of.keep ? 'check' : 'trash'}>
            {t(of.keep ? 'keep.stays' : 'keep.goes')}
          </State>
        </span>
      </div>
      <p className="text-sm text-ink-2">{format.list(of.reasons.map(words))}</p>
    </li>
  )
}

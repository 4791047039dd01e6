import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useFormat } from './format.ts'
import type { ScheduleRule } from './types.ts'

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const
/** A Sunday. */
const someSunday = Date.UTC(2026, 10, 1)

/** Loaded when there is an expression to be read: it is large, and the presets do without it. */
function useCronstrue(language: string) {
  return useQuery({
    queryKey: ['cronstrue', language],
    queryFn: async () => {
      const { toString } = (await import('cronstrue')).default
      if (language === 'ar') await import('cronstrue/locales/ar')
      return (expression: string): string =>
        toString(expression, {
          locale: language,
          use24HourTimeFormat: true,
          throwExceptionOnParseError: true,
        })
    },
    staleTime: Infinity,
  })
}

/** Whether expressions can be told in words already; until then they stand for themselves. */
export function useKnowsWords(): boolean {
  const { i18n } = useTranslation()
  return useCronstrue(i18n.language).data !== undefined
}

/** When a rule runs, as a sentence: `Every day at 02:30, Berlin time`. An expression of cron that can't be read stands for itself. */
export function useScheduleWords(): (rule: unknown, zone: string) => string {
  const { t, i18n } = useTranslation()
  const format = useFormat()
  const cronstrue = useCronstrue(i18n.language).data
  const dayOf = new Intl.DateTimeFormat(format.locale, { weekday: 'long', timeZone: 'UTC' })
  const dayName = (day: string): string =>
    dayOf.format(new Date(someSunday + weekdays.findIndex((one) => one === day) * 86_400_000))
  const clock = new Intl.DateTimeFormat(format.locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: 'UTC' }) // prettier-ignore
  const timeName = (at: string): string => clock.format(new Date(`2026-11-01T${at}:00Z`))

  function words(rule: ScheduleRule): string {
    if ('cron' in rule) {
      try {
        const text = cronstrue?.(rule.cron) ?? rule.cron
        // It writes digits and commas as English does.
        return i18n.language === 'ar' ? inArabic(text, format.number) : text
      } catch {
        return rule.cron
      }
    }
    const at = timeName(rule.at)
    switch (rule.every) {
      case 'day':
        return t('schedules.words.day', { at })
      case 'days':
        return t('schedules.words.days', { count: rule.count, value: format.number(rule.count), at })
      case 'week':
        return t('schedules.words.week', { days: format.list(rule.on.map(dayName)), at })
      case 'month':
        return rule.on === 'last'
          ? t('schedules.words.monthEnd', { at })
          : t('schedules.words.month', { day: format.number(rule.on), at })
    }
  }

  return (rule, zone) =>
    t('schedules.words.inZone', { when: words(rule as ScheduleRule), zone: zoneName(zone, format.locale) })
}

function inArabic(text: string, number: (value: number) => string): string {
  return text.replaceAll(', ', '، ').replaceAll(/\d/g, (digit) => number(Number(digit)))
}

/** `Riyadh time`, as the reader's language calls it; the name in the database of zones where it has none. */
function zoneName(zone: string, locale: string): string {
  if (zone === 'UTC') return zone
  const parts = new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    timeZoneName: 'shortGeneric',
  }).formatToParts(0)
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? zone
}

export { weekdays }

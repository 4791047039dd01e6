import { useTranslation } from 'react-i18next'
import { useFormat } from './format.ts'

export const keepRules = ['last', 'daily', 'weekly', 'monthly', 'yearly'] as const
export type KeepRule = (typeof keepRules)[number]

/** Which backups stay, as a sentence: `Keeps 30 days and 12 months`. */
export function useKeepWords(): (keep: Readonly<Record<string, unknown>> | null) => string {
  const { t } = useTranslation()
  const format = useFormat()
  return (keep) => {
    const parts = keepRules.flatMap((rule) => {
      const count = keep?.[rule]
      return typeof count === 'number' && count > 0
        ? [t(`schedules.keep.${rule}`, { count, value: format.number(count) })]
        : []
    })
    const within = keep?.['within']
    if (typeof within === 'string') parts.push(t('schedules.keep.within', { span: within }))
    return parts.length === 0
      ? t('schedules.keep.all')
      : t('schedules.keep.some', { parts: format.list(parts) })
  }
}

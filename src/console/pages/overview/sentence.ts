import { useTranslation } from 'react-i18next'
import { useFormat } from '../../lib/format.ts'
import { useNow } from '../../lib/now.ts'
import type { SourceState } from './state.ts'

/** The one honest sentence: up to when everything can be brought back, and since when that is proven; or what is missing. */
export function useStateSentence(): (state: SourceState) => string {
  const { t } = useTranslation()
  const format = useFormat()
  const now = useNow()
  return ({ until, proven, due, error }) => {
    const parts: string[] = []
    if (until === null) parts.push(t('overview.sentences.never'))
    else
      parts.push(
        t('overview.sentences.until', {
          time: format.time(new Date(until), now),
          ago: format.relative(new Date(until), now),
        }),
      )
    if (due !== null) parts.push(t('overview.sentences.late', { ago: format.relative(new Date(due), now) }))
    if (error !== null)
      parts.push(
        t('overview.sentences.failed', {
          cause: t(`errors.${error.code}.cause`, { defaultValue: error.message }),
        }),
      )
    if (proven !== null) {
      parts.push(
        t('overview.sentences.proven', {
          ago: format.relative(new Date(proven.when), now),
          tables: t('units.tables', { count: proven.tables, value: format.number(proven.tables) }),
          rows: t('units.rows', { count: proven.rows, value: format.number(proven.rows) }),
        }),
      )
    } else if (until !== null) parts.push(t('overview.sentences.unproven'))
    return parts.join(' ')
  }
}

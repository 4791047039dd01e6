import { useTranslation } from 'react-i18next'
import type { SourceState } from './types.ts'
import type { Meaning } from '../ui/badge.tsx'
import { useFormat } from './format.ts'
import { useNow } from './now.ts'

/** How each level looks. What it is, the service says: the mail, the command line and this page say the same. */
export const levelMeanings: Readonly<Record<SourceState['level'], Meaning>> = {
  safe: 'good',
  attention: 'warn',
  danger: 'bad',
  new: 'none',
}

type Part = SourceState['parts'][number]

/**
 * The one honest sentence, in the reader's language: made of the parts that the service found, in their order. A part that this console
 * does not know is said in the service's words.
 */
export function useStateSentence(): (parts: readonly Part[]) => string {
  const { t } = useTranslation()
  const format = useFormat()
  const now = useNow()

  function textOf({ key, values, text }: Part): string {
    // What the error itself says.
    if (key === 'reason_other') return text
    const number = (name: string): number => Number(values[name] ?? 0)
    const time = (name: string): string => format.time(new Date(String(values[name])), now)
    const units = (name: 'tables' | 'rows'): string =>
      t(`units.${name}`, { count: number(name), value: format.number(number(name)) })
    const ago = (): string => format.relative(new Date(now.getTime() - number('agoSeconds') * 1000), now)
    return t(`overview.parts.${key}`, {
      defaultValue: text,
      count: number(key === 'proven_partly' ? 'notVerified' : 'count'),
      value: format.number(number('count')),
      until: values['until'] === undefined ? '' : time('until'),
      at: values['at'] === undefined ? '' : time('at'),
      ago: values['agoSeconds'] === undefined ? '' : ago(),
      late: values['lateSeconds'] === undefined ? '' : format.seconds(number('lateSeconds')),
      tables: values['tables'] === undefined ? '' : units('tables'),
      rows: values['rows'] === undefined ? '' : units('rows'),
      hashed: format.number(number('hashed')),
      percent: values['percent'] === undefined ? '' : format.percent(number('percent') / 100),
    })
  }

  return (parts) => parts.map(textOf).join(' ')
}

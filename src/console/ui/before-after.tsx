import { useTranslation } from 'react-i18next'
import { useFormat } from '../lib/format.ts'

interface Changes {
  readonly created: number
  readonly changed: number
  readonly deleted: number
}

/** What a change does, the same before it and after: sign, number, word and colour. Nothing is grey. */
export function BeforeAfter({ created, changed, deleted }: Changes) {
  const { t } = useTranslation()
  const format = useFormat()
  const parts = [
    { sign: '+', count: created, word: t('changes.created', { count: created }), colour: 'text-good-text' },
    { sign: '~', count: changed, word: t('changes.changed', { count: changed }), colour: 'text-warn-text' },
    { sign: '−', count: deleted, word: t('changes.deleted', { count: deleted }), colour: 'text-bad-text' },
  ]
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1">
      {parts.map(({ sign, count, word, colour }) => (
        <li key={sign} className={count === 0 ? 'text-ink-3' : colour}>
          <span aria-hidden="true" className="me-1 font-mono">
            {sign}
          </span>
          <bdi className="font-medium">{format.number(count)}</bdi> {word}
        </li>
      ))}
    </ul>
  )
}

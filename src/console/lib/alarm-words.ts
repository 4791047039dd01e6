import { useTranslation } from 'react-i18next'
import { useFormat } from './format.ts'
import { useNow } from './now.ts'
import type { Alarm } from './types.ts'

/**
 * What an alarm says, in the reader's language, with the cause where its code is known; null of one that this console does not know. All
 * that there is to say of it, figures and names, the service says in its own text, which is in English.
 */
export function useAlarmSentence(): (alarm: Alarm) => string | null {
  const { t } = useTranslation()
  const format = useFormat()
  const now = useNow()
  return ({ event, about, lastAt, facts }) => {
    const [kind, code] = [textOf(facts['kind']), textOf(facts['code'])]
    const said = t(`alarms.sentences.${event}`, {
      defaultValue: '',
      // In whatever direction it runs, apart from the sentence.
      about: `\u2068${about}\u2069`,
      time: format.time(new Date(lastAt), now),
      kind: t(`jobs.kinds.${kind}`, { defaultValue: kind }),
    })
    const cause = code === '' ? '' : t(`errors.${code}.cause`, { defaultValue: '' })
    return said === '' ? null : `${said} ${cause}`.trim()
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

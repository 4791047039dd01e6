import { useTranslation } from 'react-i18next'
import { useFormat } from './format.ts'

/** What a sentence of the service is made of, as the engine has it (src/lib/sentence.ts). */
export interface SentencePart {
  readonly key: string
  readonly values: Readonly<Record<string, unknown>>
  readonly text: string
}

/**
 * Says sentences of a preview or report in the reader's language. One that nothing is known of, since an older version has stored it or a newer one
 * has said it, is told as it came, in English.
 */
export function useSentenceWords(parts: readonly SentencePart[]): (text: string) => string {
  const { t } = useTranslation()
  const format = useFormat()
  const known = new Map(parts.map((part) => [part.text, part]))
  const say = ({ key, values, text }: SentencePart): string => {
    const { count } = values
    const said = t(`said.${key}`, {
      defaultValue: '',
      replace: {
        ...Object.fromEntries(Object.entries(values).map(([name, one]) => [name, told(one)])),
        ...(typeof count === 'number' ? { value: format.number(count) } : {}),
      },
      ...(typeof count === 'number' ? { count } : {}),
    })
    return said === '' ? text : said
  }
  const told = (value: unknown): string => {
    if (Array.isArray(value)) return format.list(value.map(told))
    if (typeof value === 'number') return format.number(value)
    const inner = partOf(value)
    return inner === null ? apart(typeof value === 'string' ? value : '') : say(inner)
  }
  return (text) => {
    const part = known.get(text)
    return part === undefined ? text : say(part)
  }
}

/** Null: it is none. */
export function partOf(value: unknown): SentencePart | null {
  if (typeof value !== 'object' || value === null) return null
  const { key, values, text } = value as Partial<Record<keyof SentencePart, unknown>>
  if (typeof key !== 'string' || typeof text !== 'string') return null
  return { key, text, values: typeof values === 'object' && values !== null ? { ...values } : {} }
}

/** Names run in their own direction, whatever the sentence's. */
function apart(name: string): string {
  return `\u2068${name}\u2069`
}

/** A sentence, and what it is made of, for whoever says it in another language. */
export interface Sentence {
  readonly key: string
  readonly values: SentenceValues
  /** In English, whole: for who does not know the key. */
  readonly text: string
}

/** Names, counts, lists of names; parts that are sentences of their own. A `count` decides the plural. */
export type SentenceValues = Readonly<Record<string, Value | readonly Value[]>>
type Value = string | number | Sentence

export function textsOf(sentences: readonly Sentence[]): string[] {
  return sentences.map(({ text }) => text)
}

/** Many tables and rows have the same reasons. */
export function once(sentences: readonly Sentence[]): Sentence[] {
  return [...new Map(sentences.map((one) => [one.text, one])).values()]
}

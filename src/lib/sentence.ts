/** A sentence, and what it is made of, for whoever says it in another language. */
export interface Sentence {
  readonly key: string
  readonly values: SentenceValues
  /** In English, whole: for who does not know the key. */
  readonly text: string
}

/** Names, counts, lists of names; a part that is a sentence of its own. A `count` decides the plural. */
export type SentenceValues = Readonly<Record<string, string | number | readonly string[] | Sentence>>

export function textsOf(sentences: readonly Sentence[]): string[] {
  return sentences.map(({ text }) => text)
}

import type { HoldfastError } from '../../lib/errors.ts'

/** An answer to a question about the bucket, or why there is none: few credentials may ask all of them. */
export type Asked<T> = { readonly answer: T } | { readonly failure: HoldfastError }

/** What is asked of the place of any object storage. */
export interface PlaceFacts {
  readonly encrypted: boolean
  /** By how much the server's clock is ahead of this machine's, in milliseconds; null if it does not say. */
  readonly clockAheadMs: number | null
  readonly versioning: Asked<'on' | 'off' | 'suspended'>
}

/** What Azure and Google are asked besides. */
export interface CloudFacts extends PlaceFacts {
  /** For how many days what is deleted can be had back; null: not at all. */
  readonly softDeleteDays: Asked<number | null>
  readonly retention: Asked<Retention | null>
}

/** What is stored can be neither changed nor deleted, by nobody. */
export interface Retention {
  /** How long; null: as a policy says that can not be read from here. */
  readonly days: number | null
  /** Whether it can be made no shorter any more; null where that is not told. */
  readonly locked: boolean | null
}

/** Asks; a failure is an answer too, unless it is `cancelled` or `usage`. */
export async function ask<T>(
  explain: (thrown: unknown) => HoldfastError,
  question: () => Promise<T>,
): Promise<Asked<T>> {
  try {
    return { answer: await question() }
  } catch (error) {
    const failure = explain(error)
    if (failure.code === 'cancelled' || failure.code === 'usage') throw failure
    return { failure }
  }
}

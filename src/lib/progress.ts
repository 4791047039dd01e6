/** How far a long operation is. Reported often; who shows it decides how often to draw. */
export interface Progress {
  /** What is being done, as a person would say it, e.g. `reading rows`. */
  readonly phase: string
  readonly done: number
  /** Null while it is not known. */
  readonly total: number | null
  readonly unit: 'bytes' | 'rows' | 'objects' | 'tables'
}

export type OnProgress = (progress: Progress) => void

/** What would become of one backup, and why: as a job of the kind `prune-preview` tells it. */
export interface Decision {
  readonly id: string
  readonly moment: string
  readonly name: string | null
  readonly keep: boolean
  readonly reasons: readonly Reason[]
}

export interface Reason {
  readonly rule: string
  readonly text: string
  /** Which of several things the rule says. */
  readonly key?: string
  readonly value?: string
}

export interface KeepPlan {
  readonly decisions: readonly Decision[]
  /** Whose calendar tells days. */
  readonly zone: string
  /** What only those that go need. */
  readonly freesBytes: number
}

export interface Day {
  /** `2026-11-28` */
  readonly key: string
  readonly number: number
  readonly stay: readonly Decision[]
  readonly go: readonly Decision[]
}

export interface Month {
  /** `2026-11` */
  readonly key: string
  /** Days of the week before its first, which is a Monday where this is 0. */
  readonly before: number
  readonly days: readonly Day[]
}

/** Null: it is no plan. Backups of other sources are left out. */
export function planOf(result: Readonly<Record<string, unknown>> | null): KeepPlan | null {
  const decisions = result?.['decisions']
  if (!Array.isArray(decisions)) return null
  const { zone } = (result?.['policy'] ?? {}) as { zone?: unknown }
  const { bytes } = (result?.['frees'] ?? {}) as { bytes?: unknown }
  return {
    decisions: (decisions as Decision[]).filter(
      ({ reasons }) => !reasons.some(({ rule }) => rule === 'other'),
    ),
    zone: typeof zone === 'string' ? zone : 'UTC',
    freesBytes: typeof bytes === 'number' ? bytes : 0,
  }
}

/** Months in which there is a backup, the newest first. */
export function monthsOf({ decisions, zone }: KeepPlan): readonly Month[] {
  // Sweden writes days as ISO 8601 has them.
  const digits = { year: 'numeric', month: '2-digit', day: '2-digit' } as const
  const dayOf = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, ...digits })
  const byDay = Map.groupBy(decisions, ({ moment }) => dayOf.format(new Date(moment)))
  const months = new Set([...byDay.keys()].map((day) => day.slice(0, 7)))
  return [...months]
    .sort((a, b) => (a < b ? 1 : -1))
    .map((key) => {
      const first = new Date(`${key}-01T00:00:00Z`)
      const count = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate()
      const days = Array.from({ length: count }, (_, index) => {
        const day = `${key}-${String(index + 1).padStart(2, '0')}`
        const own = byDay.get(day) ?? []
        return { key: day, number: index + 1, stay: own.filter(({ keep }) => keep), go: own.filter(({ keep }) => !keep) } // prettier-ignore
      })
      return { key, before: (first.getUTCDay() + 6) % 7, days }
    })
}

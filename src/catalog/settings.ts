import type { Queries } from './database.ts'

/** Of the whole service. */
export interface Settings {
  /** Whether what destroys needs the consent of a second person. */
  readonly approvals: boolean
}

export async function readSettings({ query }: Queries): Promise<Settings> {
  const rows = await query<{ name: string; value: unknown }>('SELECT name, value FROM holdfast.settings')
  return { approvals: rows.some(({ name, value }) => name === 'approvals' && value === true) }
}

export async function changeSettings({ query }: Queries, changed: Partial<Settings>): Promise<void> {
  for (const [name, value] of Object.entries(changed)) {
    await query(
      'UPDATE holdfast.settings SET value = $2, changed_at = pg_catalog.now() WHERE name = $1 AND value <> $2',
      [name, JSON.stringify(value)],
    )
  }
}

import type { Queries } from '../catalog/database.ts'
import type { Attempt } from './queue.ts'
import type { LogLine } from './types.ts'

/** Lines of one job's log, and characters of a line: what comes after says nothing that its beginning does not. */
export const logLines = 2_000
const lineCharacters = 4_000

/** Adds to the log of a job, up to its bound. Whoever lost the job adds nothing. */
export async function appendLog(
  { query }: Queries,
  { id, attempt }: Attempt,
  lines: readonly LogLine[],
): Promise<void> {
  if (lines.length === 0) return
  await query(
    `WITH held AS (
       SELECT id FROM holdfast.jobs WHERE id = $1 AND attempt = $2 AND status = 'running' FOR UPDATE
     ), last AS (
       SELECT h.id, coalesce((SELECT pg_catalog.max(l.number) FROM holdfast.job_log AS l WHERE l.job_id = h.id), 0) AS number
       FROM held AS h
     )
     INSERT INTO holdfast.job_log (job_id, number, attempt, level, text)
     SELECT last.id, last.number + line.number, $2, line.level,
       CASE WHEN last.number + line.number = $5 THEN 'The log ends here: it has become too long.' ELSE line.text END
     FROM last, ROWS FROM (pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::text[])) WITH ORDINALITY
       AS line (level, text, number)
     WHERE last.number + line.number <= $5`,
    [
      id,
      attempt,
      lines.map(({ level }) => level),
      lines.map(({ text }) => text.slice(0, lineCharacters).replaceAll('\0', '')),
      logLines,
    ],
  )
}

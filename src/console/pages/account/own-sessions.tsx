import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { useChange } from '../../lib/queries.ts'
import type { OwnSession } from '../../lib/types.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { Code, Moment } from '../../ui/words.tsx'

export function OwnSessions() {
  const { t } = useTranslation()
  const sessions = useQuery({
    queryKey: ['me', 'sessions'],
    queryFn: ({ signal }) => request<{ items: readonly OwnSession[] }>('GET', '/me/sessions', { signal }),
    select: ({ items }) => items,
  })
  const end = useChange((id: string) => request('DELETE', `/me/sessions/${id}`), ['me'])
  return (
    <section className="grid gap-3">
      <h2 className="text-lg">{t('me.sessions.title')}</h2>
      {sessions.error !== null && <ErrorNote error={sessions.error} />}
      <ul className="grid gap-px overflow-hidden rounded-lg border bg-line">
        {(sessions.data ?? []).map(({ id, current, agent, address, lastSeenAt }) => (
          <li key={id} className="flex flex-wrap items-center justify-between gap-3 bg-surface px-3 py-2">
            <div className="grid min-w-0 flex-1 basis-60">
              <bdi className="truncate">{agent}</bdi>
              <span className="text-sm text-ink-2">
                <Code>{address}</Code> · <Moment at={lastSeenAt} show="ago" />
              </span>
            </div>
            {current ? (
              <Badge meaning="none" icon="check">
                {t('me.sessions.this')}
              </Badge>
            ) : (
              <Button onClick={() => end.mutate(id)}>{t('me.sessions.end')}</Button>
            )}
          </li>
        ))}
      </ul>
      {end.error !== null && <ErrorNote error={end.error} />}
    </section>
  )
}

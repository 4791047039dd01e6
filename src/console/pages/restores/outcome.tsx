import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { useFormat } from '../../lib/format.ts'
import { reportOf } from '../../lib/preview.ts'
import { useChange } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import { useSentenceWords } from '../../lib/sentence-words.ts'
import type { Restore } from '../../lib/types.ts'
import { Badge } from '../../ui/badge.tsx'
import { BeforeAfter } from '../../ui/before-after.tsx'
import { Button } from '../../ui/button.tsx'
import { Card, Facts, SectionHead } from '../../ui/card.tsx'
import { Destroy } from '../../ui/destroy.tsx'
import { Input } from '../../ui/field.tsx'
import { ErrorNote, Warning } from '../../ui/notes.tsx'
import { Code, Moment } from '../../ui/words.tsx'
import { CountBars } from './count-bars.tsx'

/** What was done, in the same shape in which it was shown before; and the way back. */
export function Outcome({ restore }: { restore: Restore }) {
  const { t } = useTranslation()
  const format = useFormat()
  const report = reportOf(restore.report ?? {})
  const words = useSentenceWords(report.parts)
  const { kind, place, confirmedAt, endedAt } = restore
  const facts = [
    ...(endedAt === null ? [] : [{ name: t('restores.done.ended'), value: <Moment at={endedAt} /> }]),
    ...(confirmedAt === null
      ? []
      : [{ name: t('restores.done.agreed'), value: <Moment at={confirmedAt} /> }]),
    ...(restore.restore === null
      ? []
      : [
          {
            name: t(place === 'in place' ? 'restores.done.safety' : 'restores.done.id'),
            value: <Code>{restore.restore}</Code>,
          },
        ]),
    ...report.checks.map(({ what, result }) => ({ name: words(what), value: <bdi>{words(result)}</bdi> })),
  ]
  return (
    <>
      <Card className="grid gap-3 p-5 phone:p-4">
        <div className="flex flex-wrap items-center gap-3" role="status">
          <Badge meaning="good" icon="check">
            {t(`restores.done.${kind}`)}
          </Badge>
          <span>
            {place === 'in place' ? t('restores.done.inDatabase') : t('restores.done.newDatabase')}{' '}
            <Code className="font-semibold">{restore.database}</Code>
            {report.seconds > 0 && ` · ${format.seconds(report.seconds)}`}
          </span>
        </div>
        {kind !== 'release' && (
          <BeforeAfter created={report.created} changed={report.changed} deleted={report.deleted} />
        )}
        <p className="text-ink-2">
          {place === 'new' ? t('restores.done.dropIt') : t('restores.done.canUndo')}
        </p>
        <div className="flex flex-wrap gap-2">
          {place === 'in place' && restore.undo !== null && <Undo restore={restore} />}
          {place === 'new' && kind === 'restore' && report.quarantined > 0 && (
            <Release restore={restore} count={report.quarantined} />
          )}
          <Button asChild>
            <Link to="/jobs/$id" params={{ id: restore.id }}>
              {t('jobs.log')}
            </Link>
          </Button>
        </div>
      </Card>
      {report.warnings.map((text) => (
        <Warning key={text}>
          <bdi>{words(text)}</bdi>
        </Warning>
      ))}
      {report.tables.length > 0 && (
        <section>
          <SectionHead>
            {t('restores.look.tables', {
              count: report.tables.length,
              value: format.number(report.tables.length),
            })}
          </SectionHead>
          <CountBars tables={report.tables} />
        </section>
      )}
      {facts.length > 0 && <Facts facts={facts} />}
    </>
  )
}

/** Undoing is a restore of its own: it is looked at first, too. */
export function Undo({ restore }: { restore: Restore }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const refused = useRefusal('change', 'restores')
  const undo = useChange(
    () => request<Restore>('POST', `/restores/${restore.id}/undo`, { body: {} }),
    ['restores', 'jobs'],
  )
  return (
    <>
      <Button
        icon="undo"
        refused={refused}
        busy={undo.isPending}
        onClick={() =>
          undo.mutate(undefined, {
            onSuccess: ({ id }) => void navigate({ to: '/restores/$id', params: { id } }),
          })
        }
      >
        {t(restore.kind === 'undo' ? 'restores.done.redo' : 'restores.done.undoIt')}
      </Button>
      {undo.error !== null && <ErrorNote error={undo.error} />}
    </>
  )
}

/** What is off in a copy, so that it sends no mail and calls nobody, begins to work. */
function Release({ restore, count }: { restore: Restore; count: number }) {
  const { t } = useTranslation()
  const format = useFormat()
  const navigate = useNavigate()
  const [asked, setAsked] = useState(false)
  const [password, setPassword] = useState('')
  const refused = useRefusal('create', 'restores')
  const database = restore.database ?? ''
  return (
    <>
      <Button icon="play" refused={refused} onClick={() => setAsked(true)}>
        {t('restores.release.verb')}
      </Button>
      {asked && (
        <Destroy<Restore>
          title={t('restores.release.title', { database })}
          typed={database}
          verb={t('restores.release.verb')}
          method="POST"
          path={`/restores/${restore.id}/release`}
          body={password === '' ? {} : { password }}
          stale={['restores', 'jobs']}
          onClose={() => setAsked(false)}
          onDone={({ id }) => void navigate({ to: '/restores/$id', params: { id } })}
        >
          <p>{t('restores.release.text', { count, value: format.number(count) })}</p>
          <Input
            type="password"
            dir="ltr"
            autoComplete="off"
            label={t('sources.password')}
            optional={t('common.optional')}
            hint={t('restores.where.passwordHint')}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </Destroy>
      )}
    </>
  )
}

import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useAlarmSentence } from '../../lib/alarm-words.ts'
import { request } from '../../lib/api.ts'
import { useAlarm, useChange } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Alarm } from '../../lib/types.ts'
import { Who } from '../../lib/who.tsx'
import { Button } from '../../ui/button.tsx'
import { Facts, SectionHead } from '../../ui/card.tsx'
import { Input } from '../../ui/field.tsx'
import { ErrorNote, Skeleton } from '../../ui/notes.tsx'
import { Sheet } from '../../ui/overlay.tsx'
import { Moment, Name } from '../../ui/words.tsx'
import { AlarmState } from '../alarms.tsx'

export function AlarmDetails() {
  const { t } = useTranslation()
  const { id } = useParams({ from: '/app/alarms/$id' })
  const navigate = useNavigate()
  const alarm = useAlarm(id)
  const close = (): void => void navigate({ to: '/alarms', search: true })
  const { data } = alarm
  return (
    <Sheet
      title={
        data === undefined ? t('alarms.one') : t(`alarms.events.${data.event}`, { defaultValue: data.title })
      }
      about={data === undefined ? '\u00a0' : <AlarmState of={data} />}
      onClose={close}
    >
      {alarm.error !== null && <ErrorNote error={alarm.error} />}
      {data === undefined && alarm.error === null && <Skeleton />}
      {data !== undefined && <Details alarm={data} />}
    </Sheet>
  )
}

function Details({ alarm }: { alarm: Alarm }) {
  const { t } = useTranslation()
  const refused = useRefusal('change', 'alarms')
  const [why, setWhy] = useState('')
  const { id, seen } = alarm
  const sentence = useAlarmSentence()(alarm)
  const job = alarm.facts['job']
  const { mutate: see } = useChange(
    () => request('POST', '/alarms/seen', { body: { ids: [id] } }),
    ['alarms'],
  )
  const close = useChange(
    () => request('POST', `/alarms/${id}/close`, { body: { text: why.trim() === '' ? null : why.trim() } }),
    ['alarms'],
  )
  // Whoever has it before them has seen it.
  useEffect(() => {
    if (!seen) see(undefined)
  }, [seen, see])
  const facts = [
    { name: t('alarms.about'), value: <Name>{alarm.about}</Name> },
    { name: t('alarms.raised'), value: <Moment at={alarm.raisedAt} /> },
    ...(alarm.closedAt === null ? [] : [{ name: t('alarms.closed'), value: <Moment at={alarm.closedAt} /> }]),
    ...(alarm.closedBy === null ? [] : [{ name: t('alarms.closedBy'), value: <Who of={alarm.closedBy} /> }]),
    ...(alarm.closedText === null ? [] : [{ name: t('alarms.why'), value: <bdi>{alarm.closedText}</bdi> }]),
  ]
  return (
    <>
      {sentence !== null && <p className="text-lg wrap-anywhere">{sentence}</p>}
      <section>
        {sentence !== null && <SectionHead>{t('alarms.said')}</SectionHead>}
        <p dir="auto" className="wrap-anywhere whitespace-pre-line text-ink-2">
          {alarm.text}
        </p>
      </section>
      <Facts facts={facts} />
      {typeof job === 'string' && (
        <div>
          <Button asChild>
            <Link to="/jobs/$id" params={{ id: job }}>
              {t('alarms.openJob')}
            </Link>
          </Button>
        </div>
      )}
      {alarm.closedAt === null && (
        <section className="grid gap-3">
          <SectionHead>{t('alarms.closeTitle')}</SectionHead>
          <Input
            label={t('alarms.why')}
            optional={t('common.optional')}
            value={why}
            maxLength={1000}
            onChange={(event) => setWhy(event.target.value)}
          />
          {close.error !== null && <ErrorNote error={close.error} />}
          <div>
            <Button refused={refused} busy={close.isPending} onClick={() => close.mutate(undefined)}>
              {t('alarms.close')}
            </Button>
          </div>
        </section>
      )}
    </>
  )
}

import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { BackupFacts } from '../../lib/backup-facts.ts'
import { BackupProof, pointOf } from '../../lib/backup-words.tsx'
import { useFormat } from '../../lib/format.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Select } from '../../ui/field.tsx'
import { EmptyState, Warning } from '../../ui/notes.tsx'
import { Timeline, TimelineKey } from '../../ui/timeline.tsx'
import { Moment, Name } from '../../ui/words.tsx'

interface WhenProps {
  readonly sources: readonly string[]
  readonly source: string
  /** The name of an upload, whose backups these are; null: of a source. */
  readonly upload: string | null
  /** Newest first. */
  readonly backups: readonly BackupFacts[]
  readonly chosen: BackupFacts | undefined
  readonly onSource: (name: string) => void
  readonly onBackup: (id: string) => void
}

/** Time as a place: to which of its states the source is to go back. */
export function When({ sources, source, upload, backups, chosen, onSource, onBackup }: WhenProps) {
  const { t } = useTranslation()
  const points = useMemo(() => backups.map(pointOf), [backups])
  const first = Math.min(...points.map(({ at }) => at))
  const last = Math.max(...points.map(({ at }) => at))
  const from = first - Math.max((last - first) * 0.03, 3_600_000)
  const at = chosen === undefined ? -1 : backups.indexOf(chosen)
  const [older, newer] = [backups[at + 1], backups[at - 1]]
  return (
    <>
      {upload === null ? (
        <div className="max-w-sm">
          <Select
            label={t('sources.one')}
            value={source}
            choices={sources.map((name) => ({ value: name, text: name }))}
            onChoose={onSource}
          />
        </div>
      ) : (
        <p>
          {t('restores.when.upload')} <Name>{upload}</Name>
        </p>
      )}
      {backups.length === 0 ? (
        <EmptyState icon="backups" title={t('backups.empty.title')}>
          {t('restores.when.none')}
        </EmptyState>
      ) : (
        <Card className="grid gap-3 px-4 pt-5 pb-4">
          <Timeline
            label={t('restores.when.timeline')}
            points={points}
            from={from}
            selected={chosen?.id}
            onSelect={({ id }) => onBackup(id)}
          />
          <TimelineKey />
          {chosen !== undefined && (
            <div className="flex flex-wrap items-center justify-between gap-4 border-t pt-4">
              <Chosen of={chosen} />
              <div className="flex gap-2">
                <Button
                  refused={older === undefined ? t('restores.when.oldest') : null}
                  onClick={() => older !== undefined && onBackup(older.id)}
                >
                  {t('restores.when.older')}
                </Button>
                <Button
                  refused={newer === undefined ? t('restores.when.newest') : null}
                  onClick={() => newer !== undefined && onBackup(newer.id)}
                >
                  {t('restores.when.newer')}
                </Button>
              </div>
            </div>
          )}
        </Card>
      )}
      {chosen?.damaged === true && <Warning>{t('backups.damagedText')}</Warning>}
      {chosen?.partial === true && <Warning>{t('backups.partial')}</Warning>}
    </>
  )
}

export function Chosen({ of }: { of: BackupFacts }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <div className="grid min-w-0 gap-1">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="text-lg font-semibold">
          <Moment at={of.moment} />
        </span>
        <BackupProof of={of} as="badge" />
      </div>
      <p className="text-ink-2">
        {of.name !== null && (
          <>
            <bdi>{of.name}</bdi>
            {' · '}
          </>
        )}
        {t('units.tables', { count: of.tables, value: format.number(of.tables) })}
        {' · '}
        {t('units.rows', { count: of.rows, value: format.number(of.rows) })}
        {' · '}
        {format.bytes(of.plainBytes)}
      </p>
    </div>
  )
}

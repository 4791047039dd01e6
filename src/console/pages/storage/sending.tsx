import { useTranslation } from 'react-i18next'
import { stopSending, type Sending } from '../../lib/uploads.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { Progress } from '../../ui/progress.tsx'
import { Code, Name } from '../../ui/words.tsx'

/** A file on its way, how far it is, and the way to stop it. */
export function SendingCard({ of }: { of: Sending }) {
  const { t } = useTranslation()
  const { name, file, stage, progress, error } = of
  const failed = stage === 'failed'
  return (
    <Card className="grid gap-3 p-4">
      <div className="flex items-start justify-between gap-3">
        <div className="grid min-w-0 gap-0.5">
          <h2 className="font-semibold">
            <Name>{name}</Name>
          </h2>
          <p className="break-all text-ink-2">
            <Code>{file}</Code>
          </p>
        </div>
        <Button look={failed ? 'quiet' : 'plain'} icon={failed ? 'close' : 'cancelled'} onClick={stopSending}>
          {t(failed ? 'common.close' : 'uploads.stop')}
        </Button>
      </div>
      {failed ? (
        <ErrorNote error={error} />
      ) : (
        <>
          <Progress of={progress} />
          <p className="text-sm text-ink-2">{t('uploads.leave')}</p>
        </>
      )}
    </Card>
  )
}

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { useFormat } from '../../lib/format.ts'
import type { AuditEntries, AuditVerdict } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Input } from '../../ui/field.tsx'
import { Icon } from '../../ui/icons.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { Dialog } from '../../ui/overlay.tsx'
import { Code } from '../../ui/words.tsx'

/** Proves that no entry was changed or taken out; with a hash that was noted before, that none of the last ones was either. */
export function Verify({ head }: { head: AuditEntries['head'] | undefined }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const [noted, setNoted] = useState('')
  const verify = useMutation({
    mutationFn: () => request<AuditVerdict>('GET', '/audit/verify', { query: { head: noted.trim() } }),
  })
  return (
    <>
      <Button icon="proven" onClick={() => setOpen(true)}>
        {t('audit.verify.verb')}
      </Button>
      {open && (
        <Dialog title={t('audit.verify.title')} onClose={() => setOpen(false)}>
          <p className="text-ink-2">{t('audit.verify.about')}</p>
          <Input
            code
            label={t('audit.verify.noted')}
            optional={t('common.optional')}
            value={noted}
            onChange={(event) => setNoted(event.target.value)}
          />
          {verify.data !== undefined && <Verdict of={verify.data} />}
          {verify.error !== null && <ErrorNote error={verify.error} />}
          {head !== null && head !== undefined && (
            <p className="grid gap-1 text-sm text-ink-2">
              {t('audit.verify.head')}
              <Code className="break-all text-ink select-all">{head.hash}</Code>
            </p>
          )}
          <div className="flex justify-end gap-2">
            <Button onClick={() => setOpen(false)}>{t('common.close')}</Button>
            <Button look="main" busy={verify.isPending} onClick={() => verify.mutate()}>
              {t('audit.verify.verb')}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  )
}

function Verdict({ of: { whole, entries, broken, cut } }: { of: AuditVerdict }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <div role="status" className={`flex gap-2 font-medium ${whole ? 'text-good-text' : 'text-bad-text'}`}>
      <Icon name={whole ? 'proven' : 'failed'} className="mt-0.5" />
      <span>
        {whole && t('audit.verify.whole', { count: entries, value: format.number(entries) })}
        {cut && t('audit.verify.cut')}
        {broken !== null && t('audit.verify.broken', { number: format.number(broken.number) })}
      </span>
    </div>
  )
}

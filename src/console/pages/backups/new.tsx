import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { useChange, useSources } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { BackupInput, JobDetail } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Input, Select, TextArea } from '../../ui/field.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { Sheet } from '../../ui/overlay.tsx'

const proofs = ['sampled', 'full', 'counts'] as const

export function NewBackup() {
  const { t } = useTranslation()
  const search = useSearch({ from: '/app/backups' })
  const navigate = useNavigate()
  const refused = useRefusal('create', 'jobs')
  const sources = useSources().data ?? []
  const [given, setGiven] = useState({
    source: search.source ?? '',
    name: '',
    description: '',
    proof: 'sampled',
  })
  const source = given.source === '' ? (sources[0]?.name ?? '') : given.source
  const start = useChange((body: BackupInput) => request<JobDetail>('POST', '/backups', { body }), ['jobs'])
  const close = (): void => void navigate({ to: '/backups', search: true })

  function submit(event: FormEvent): void {
    event.preventDefault()
    const { name, description, proof } = given
    start.mutate(
      {
        source,
        proof: proofs.find((one) => one === proof) ?? 'sampled',
        ...(name === '' ? {} : { name }),
        ...(description === '' ? {} : { description }),
      },
      { onSuccess: ({ id }) => void navigate({ to: '/jobs/$id', params: { id } }) },
    )
  }

  return (
    <Sheet title={t('backups.new.title')} about={t('backups.new.about')} onClose={close}>
      <form className="grid gap-5" onSubmit={submit}>
        <Select
          label={t('sources.one')}
          value={source}
          choices={sources.map(({ name }) => ({ value: name, text: name }))}
          onChoose={(next) => setGiven({ ...given, source: next })}
        />
        <Input
          label={t('backups.name')}
          optional={t('common.optional')}
          hint={t('backups.new.nameHint')}
          maxLength={200}
          value={given.name}
          onChange={(event) => setGiven({ ...given, name: event.target.value })}
        />
        <TextArea
          dir="auto"
          className="font-sans"
          rows={3}
          label={t('backups.description')}
          optional={t('common.optional')}
          maxLength={2000}
          value={given.description}
          onChange={(event) => setGiven({ ...given, description: event.target.value })}
        />
        <Select
          label={t('backups.new.proof')}
          hint={t(`backups.new.proofHints.${given.proof}`)}
          value={given.proof}
          choices={proofs.map((value) => ({ value, text: t(`backups.new.proofs.${value}`) }))}
          onChoose={(next) => setGiven({ ...given, proof: next })}
        />
        {start.error !== null && <ErrorNote error={start.error} />}
        <div className="flex gap-2">
          <Button
            type="submit"
            look="main"
            icon="play"
            busy={start.isPending}
            refused={refused ?? (source === '' ? t('backups.new.needsSource') : null)}
          >
            {t('backups.new.submit')}
          </Button>
          <Button onClick={close}>{t('common.cancel')}</Button>
        </div>
      </form>
    </Sheet>
  )
}

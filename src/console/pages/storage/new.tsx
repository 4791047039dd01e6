import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { isApiError, request } from '../../lib/api.ts'
import { useChange } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Repository, RepositoryInput } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Input, TextArea } from '../../ui/field.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { Sheet } from '../../ui/overlay.tsx'
import { Code } from '../../ui/words.tsx'

export function NewRepository() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const refused = useRefusal('create', 'repositories')
  const [given, setGiven] = useState({ name: '', address: '', hostFile: '', identity: '' })
  const add = useChange(
    (body: RepositoryInput) => request<Repository>('POST', '/repositories', { body }),
    ['repositories', 'jobs'],
  )
  const close = (): void => void navigate({ to: '/storage' })
  const set = (name: keyof typeof given) => (event: { target: { value: string } }) =>
    setGiven({ ...given, [name]: event.target.value })

  function submit(event: FormEvent): void {
    event.preventDefault()
    const { name, address, hostFile, identity } = given
    add.mutate(
      { name, address, ...(hostFile === '' ? {} : { hostFile }), ...(identity === '' ? {} : { identity }) },
      { onSuccess: (made) => void navigate({ to: '/storage/$name', params: { name: made.name } }) },
    )
  }

  return (
    <Sheet title={t('storage.new.title')} about={t('storage.new.about')} onClose={close}>
      <form className="grid gap-5" onSubmit={submit}>
        <div className="grid gap-2 rounded-lg border bg-surface p-4">
          <p className="text-ink-2">{t('storage.new.first')}</p>
          <pre
            dir="ltr"
            tabIndex={0}
            aria-label={t('storage.new.command')}
            className="overflow-x-auto rounded-md bg-sunken px-3 py-2 font-mono text-sm"
          >
            <Code>holdfast init /mnt/backups/shop</Code>
          </pre>
        </div>
        <Input
          required
          code
          label={t('storage.name')}
          problem={isApiError(add.error, 'name_taken') ? t('storage.new.taken') : null}
          value={given.name}
          onChange={set('name')}
        />
        <Input
          required
          code
          label={t('storage.address')}
          hint={t('storage.new.addressHint')}
          placeholder="s3://backups/shop?region=eu-central-1"
          value={given.address}
          onChange={set('address')}
        />
        <TextArea
          label={t('storage.hostFile')}
          hint={t('storage.new.hostFileHint')}
          value={given.hostFile}
          onChange={set('hostFile')}
        />
        <TextArea
          label={t('storage.identity')}
          optional={t('common.optional')}
          hint={t('storage.new.identityHint')}
          value={given.identity}
          onChange={set('identity')}
        />
        {add.error !== null && !isApiError(add.error, 'name_taken') && <ErrorNote error={add.error} />}
        <div className="flex gap-2">
          <Button type="submit" look="main" busy={add.isPending} refused={refused}>
            {t('storage.new.submit')}
          </Button>
          <Button onClick={close}>{t('common.cancel')}</Button>
        </div>
      </form>
    </Sheet>
  )
}

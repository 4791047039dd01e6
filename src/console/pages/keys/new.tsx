import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { isApiError, request } from '../../lib/api.ts'
import { useNow } from '../../lib/now.ts'
import { useChange } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import { scopes, type KeyScope } from '../../lib/roles.ts'
import type { KeyInput, NewKey as Made } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Checkbox, Input, Select } from '../../ui/field.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { Sheet } from '../../ui/overlay.tsx'
import { Secret } from '../../ui/secret.tsx'
import { rightsOf, RoleFields, type RoleAndSources } from '../people/role-fields.tsx'

const lasting = ['30', '90', '365', 'ever'] as const

export function NewKey() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const now = useNow()
  const refused = useRefusal('create', 'api_keys')
  const [name, setName] = useState('')
  const [rights, setRights] = useState<RoleAndSources>({ role: 'read_only_admin', sources: [] })
  const [chosen, setChosen] = useState<readonly KeyScope[]>(['read'])
  const [days, setDays] = useState<string>('90')
  const make = useChange((body: KeyInput) => request<Made>('POST', '/keys', { body }), ['keys'])
  const close = (): void => void navigate({ to: '/keys' })

  function submit(event: FormEvent): void {
    event.preventDefault()
    const expiresAt =
      days === 'ever' ? null : new Date(now.getTime() + Number(days) * 86_400_000).toISOString()
    make.mutate({ name, ...rightsOf(rights), scopes: [...chosen], expiresAt })
  }

  if (make.data !== undefined)
    return (
      <Sheet
        title={t('keys.new.done', { name: make.data.name })}
        onClose={close}
        actions={<Button onClick={close}>{t('common.close')}</Button>}
      >
        <Secret label={t('keys.one')} value={make.data.key} about={t('keys.new.once')} />
      </Sheet>
    )
  return (
    <Sheet title={t('keys.new.title')} about={t('keys.new.about')} onClose={close}>
      <form className="grid gap-5" onSubmit={submit}>
        <Input
          required
          label={t('keys.name')}
          hint={t('keys.new.nameHint')}
          problem={isApiError(make.error, 'name_taken') ? t('keys.new.taken') : null}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <RoleFields value={rights} onChange={setRights} />
        <fieldset className="grid gap-2.5">
          <legend className="mb-1.5 font-medium">{t('keys.scopes')}</legend>
          {scopes.map((scope) => (
            <Checkbox
              key={scope}
              label={t(`keys.scope.${scope}`)}
              hint={t(`keys.scopeAbout.${scope}`)}
              checked={chosen.includes(scope)}
              disabled={scope === 'read'}
              onChange={(on) =>
                setChosen(scopes.filter((one) => (one === scope ? on : chosen.includes(one))))
              }
            />
          ))}
        </fieldset>
        <Select
          label={t('keys.lasts')}
          value={days}
          choices={lasting.map((value) => ({ value, text: t(`keys.lasting.${value}`) }))}
          onChoose={setDays}
        />
        {make.error !== null && !isApiError(make.error, 'name_taken') && <ErrorNote error={make.error} />}
        <div className="flex gap-2">
          <Button type="submit" look="main" busy={make.isPending} refused={refused}>
            {t('keys.new.submit')}
          </Button>
          <Button onClick={close}>{t('common.cancel')}</Button>
        </div>
      </form>
    </Sheet>
  )
}

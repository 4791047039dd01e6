import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { useChange } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Provider, ProviderInput } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Input, Select } from '../../ui/field.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { RadioCards } from '../../ui/radio-cards.tsx'
import { Sheet } from '../../ui/overlay.tsx'
import { toast } from '../../ui/toast.tsx'

const proofs = ['keys', 'secret'] as const
const algorithms = {
  keys: ['RS256', 'ES256', 'EdDSA', 'PS256'],
  secret: ['HS256', 'HS384', 'HS512'],
} as const
type Algorithm = ProviderInput['algorithms'][number]
type Given = Readonly<
  Record<'name' | 'issuer' | 'audience' | 'jwksUrl' | 'sharedSecret' | 'clientId' | 'clientSecret', string>
>

const nothing: Given = { name: '', issuer: '', audience: '', jwksUrl: '', sharedSecret: '', clientId: '', clientSecret: '' } // prettier-ignore

export function NewProvider() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const refused = useRefusal('create', 'providers')
  const [proof, setProof] = useState<(typeof proofs)[number]>('keys')
  const [algorithm, setAlgorithm] = useState<Algorithm>('RS256')
  const [given, setGiven] = useState(nothing)
  const add = useChange((body: ProviderInput) => request<Provider>('POST', '/providers', { body }), ['providers', 'sign-in']) // prettier-ignore
  const close = (): void => void navigate({ to: '/providers' })

  function submit(event: FormEvent): void {
    event.preventDefault()
    const { name, issuer, audience, jwksUrl, sharedSecret, clientId, clientSecret } = given
    add.mutate(
      {
        name,
        issuer,
        audience,
        algorithms: [algorithm],
        ...(proof === 'keys' ? { jwksUrl } : { sharedSecret }),
        ...(clientId === '' ? {} : { clientId }),
        ...(clientSecret === '' ? {} : { clientSecret }),
      },
      {
        onSuccess() {
          toast(t('providers.added', { name }))
          close()
        },
      },
    )
  }

  const field = (name: keyof Given, more: { type?: string; needed?: boolean } = {}) => (
    <Input
      required={more.needed !== false}
      code
      autoComplete="off"
      type={more.type ?? 'text'}
      label={t(`providers.${name}`)}
      hint={t(`providers.hints.${name}`)}
      optional={more.needed === false ? t('common.optional') : undefined}
      value={given[name]}
      onChange={(event) => setGiven({ ...given, [name]: event.target.value })}
    />
  )
  return (
    <Sheet title={t('providers.new.title')} about={t('providers.new.about')} onClose={close}>
      <form className="grid gap-5" onSubmit={submit}>
        {field('name')}
        {field('issuer', { type: 'url' })}
        {field('audience')}
        <RadioCards
          label={t('providers.proof')}
          value={proof}
          onChoose={(next) => {
            setProof(next)
            setAlgorithm(algorithms[next][0])
          }}
          cards={proofs.map((value) => ({
            value,
            title: t(`providers.proofs.${value}`),
            text: t(`providers.proofTexts.${value}`),
          }))}
        />
        {proof === 'keys' ? field('jwksUrl', { type: 'url' }) : field('sharedSecret', { type: 'password' })}
        <Select
          label={t('providers.algorithm')}
          value={algorithm}
          choices={algorithms[proof].map((value) => ({ value, text: value }))}
          onChoose={(next) => setAlgorithm(next as Algorithm)}
        />
        {field('clientId', { needed: false })}
        {field('clientSecret', { type: 'password', needed: false })}
        {add.error !== null && <ErrorNote error={add.error} />}
        <div className="flex gap-2">
          <Button type="submit" look="main" busy={add.isPending} refused={refused}>
            {t('providers.new.title')}
          </Button>
          <Button onClick={close}>{t('common.cancel')}</Button>
        </div>
      </form>
    </Sheet>
  )
}

import { useTranslation } from 'react-i18next'
import { Input, Select } from '../../ui/field.tsx'
import { reaches, securities, type AddressDraft } from './draft.ts'

interface AddressFieldsProps {
  readonly draft: AddressDraft
  readonly onDraft: (draft: AddressDraft) => void
}

/** Where it leads: what each kind of destination needs. */
export function AddressFields({ draft, onDraft }: AddressFieldsProps) {
  const { t } = useTranslation()
  const set = (name: keyof AddressDraft) => (value: string) => onDraft({ ...draft, [name]: value })
  const field = (name: keyof AddressDraft, more: { type?: string; required?: boolean } = {}) => (
    <Input
      required
      code
      label={t(`destinations.fields.${name}`)}
      value={draft[name]}
      onChange={(event) => set(name)(event.target.value)}
      {...more}
    />
  )
  const choice = (name: 'security' | 'reach', values: readonly string[], words: string) => (
    <Select
      label={t(`destinations.fields.${name}`)}
      value={draft[name]}
      choices={values.map((value) => ({ value, text: t(`destinations.${words}.${value}`) }))}
      onChoose={set(name)}
    />
  )
  return (
    <>
      {draft.kind === 'email' ? (
        <>
          {field('to')}
          {field('from')}
          {field('host')}
          {field('port', { type: 'number' })}
          {choice('security', securities, 'securities')}
          {field('user', { required: false })}
          {field('password', { type: 'password', required: false })}
        </>
      ) : draft.kind === 'ping' ? (
        <>
          {field('success', { type: 'url' })}
          {field('fail', { type: 'url', required: false })}
          {field('start', { type: 'url', required: false })}
        </>
      ) : (
        field('url', { type: 'url' })
      )}
      {choice('reach', reaches, 'reaches')}
    </>
  )
}

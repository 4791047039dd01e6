import { useTranslation } from 'react-i18next'
import { useSources } from '../../lib/queries.ts'
import { roles, type Role } from '../../lib/roles.ts'
import { Checkbox, Select } from '../../ui/field.tsx'
import { Name } from '../../ui/words.tsx'

export interface RoleAndSources {
  readonly role: Role
  /** Of a role that is bound to sources. */
  readonly sources: readonly string[]
}

interface RoleFieldsProps {
  readonly value: RoleAndSources
  readonly onChange: (value: RoleAndSources) => void
}

/** What somebody, or a key, may do, and on what. */
export function RoleFields({ value, onChange }: RoleFieldsProps) {
  const { t } = useTranslation()
  const all = useSources().data ?? []
  const { role, sources } = value
  return (
    <>
      <Select
        label={t('people.role')}
        hint={t(`rights.about.${role}`)}
        value={role}
        choices={roles.map((one) => ({ value: one, text: t(`rights.roles.${one}`) }))}
        onChoose={(next) => onChange({ role: next as Role, sources })}
      />
      {role === 'tenant_admin' && (
        <fieldset className="grid gap-2">
          <legend className="mb-1.5 font-medium">{t('people.sources')}</legend>
          {all.map(({ id, name }) => (
            <Checkbox
              key={id}
              label={<Name>{name}</Name>}
              checked={sources.includes(name)}
              onChange={(on) =>
                onChange({ role, sources: on ? [...sources, name] : sources.filter((one) => one !== name) })
              }
            />
          ))}
          {all.length === 0 && <p className="text-ink-2">{t('people.noSources')}</p>}
        </fieldset>
      )}
    </>
  )
}

/** As the API takes it: who is bound to no sources has none. */
export function rightsOf({ role, sources }: RoleAndSources): { role: Role; sources: string[] } {
  return { role, sources: role === 'tenant_admin' ? [...sources] : [] }
}

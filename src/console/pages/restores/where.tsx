import { useTranslation } from 'react-i18next'
import { Checkbox, Input, TextArea } from '../../ui/field.tsx'
import { RadioCards } from '../../ui/radio-cards.tsx'
import { isInPlace, scopeOf, type Choice, type NewPlace } from './choice.ts'

interface WhereProps {
  readonly choice: Choice
  readonly set: (changed: Choice) => void
  readonly place: NewPlace
  /** Not in the address, and forgotten when the page is left. */
  readonly password: string
  readonly onPassword: (password: string) => void
  /** What the database in use is called; null: there is none, as of an upload. */
  readonly database: string | null
  /** What opens an upload, for this once. Not in the address either; null: it is not asked for. */
  readonly identity: string | null
  readonly onIdentity: (identity: string) => void
  /** Why the role may not change a database in use; null: it may. */
  readonly refused: string | null
}

/** The safe way first: a database of its own harms nothing. */
export function Where(o: WhereProps) {
  const { t } = useTranslation()
  const { choice, set, refused } = o
  const inPlace = isInPlace(choice)
  return (
    <>
      <RadioCards
        label={t('restores.steps.where')}
        value={inPlace ? 'place' : 'new'}
        onChoose={(to) => set({ to })}
        cards={[
          {
            value: 'new',
            title: t('restores.where.new'),
            text: t('restores.where.newText'),
            refused: scopeOf(choice) === 'rows' ? t('restores.where.rowsInPlace') : null,
          },
          ...(o.database === null
            ? []
            : [
                {
                  value: 'place' as const,
                  title: t('restores.where.place', { database: o.database }),
                  text: t('restores.where.placeText'),
                  refused,
                },
              ]),
        ]}
      />
      {inPlace ? <InPlace choice={choice} set={set} /> : <NewDatabase {...o} />}
    </>
  )
}

function NewDatabase({ place, set, password, onPassword, identity, onIdentity }: WhereProps) {
  const { t } = useTranslation()
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Input
        required
        code
        label={t('restores.where.database')}
        hint={t('restores.where.databaseHint')}
        maxLength={63}
        value={place.database}
        onChange={(event) => set({ database: event.target.value })}
      />
      <Input
        required
        code
        label={t('restores.where.server')}
        hint={t('restores.where.serverHint')}
        value={place.server}
        onChange={(event) => set({ server: event.target.value })}
      />
      <Input
        code
        label={t('restores.where.user')}
        hint={t('restores.where.userHint')}
        maxLength={63}
        value={place.user}
        onChange={(event) => set({ user: event.target.value })}
      />
      <Input
        type="password"
        dir="ltr"
        autoComplete="off"
        label={t('sources.password')}
        hint={t('restores.where.passwordHint')}
        maxLength={1000}
        value={password}
        onChange={(event) => onPassword(event.target.value)}
      />
      {identity !== null && (
        <div className="sm:col-span-2">
          <TextArea
            label={t('storage.identity')}
            optional={t('common.optional')}
            hint={t('restores.where.identityHint')}
            maxLength={100_000}
            value={identity}
            onChange={(event) => onIdentity(event.target.value)}
          />
        </div>
      )}
    </div>
  )
}

function InPlace({ choice, set }: Pick<WhereProps, 'choice' | 'set'>) {
  const { t } = useTranslation()
  const toggle = (name: 'changed' | 'extra') => (on: boolean) => set({ [name]: on ? 'yes' : undefined })
  return (
    <fieldset className="grid gap-4 rounded-lg border bg-surface p-4">
      <legend className="sr-only">{t('restores.where.does')}</legend>
      <Checkbox
        disabled
        checked
        onChange={() => undefined}
        label={t('restores.where.missing')}
        hint={t('restores.where.missingHint')}
      />
      <Checkbox
        checked={choice.changed === 'yes'}
        onChange={toggle('changed')}
        label={t('restores.where.changed')}
        hint={t('restores.where.changedHint')}
      />
      <Checkbox
        checked={choice.extra === 'yes'}
        onChange={toggle('extra')}
        label={t('restores.where.extra')}
        hint={t('restores.where.extraHint')}
      />
    </fieldset>
  )
}

import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../lib/format.ts'
import type { SourceTables } from '../../lib/types.ts'
import { Checkbox, Input, Select, TextArea } from '../../ui/field.tsx'
import { Skeleton } from '../../ui/notes.tsx'
import { RadioCards } from '../../ui/radio-cards.tsx'
import { Code, Count, Name } from '../../ui/words.tsx'
import { namesOf, patternOf, scopeOf, scopes, type Choice, type Scope } from './choice.ts'

interface Counted {
  readonly schema: string
  readonly name: string
  readonly rows: number
}

interface WhatProps {
  readonly choice: Choice
  readonly set: (changed: Choice) => void
  /** Null: they are being read. */
  readonly tables: readonly Counted[] | null
  readonly modules: SourceTables['modules']
  /** Why only all of it can be restored; null: parts can. */
  readonly onlyAll: string | null
  /** Why rows by a condition can't be; null: they can. */
  readonly noRows: string | null
  /** The counts are not those of the chosen backup, but of the newest. */
  readonly ofNewest: boolean
}

export function What({ choice, set, tables, modules, onlyAll, noRows, ofNewest }: WhatProps) {
  const { t } = useTranslation()
  const scope = scopeOf(choice)
  return (
    <>
      <RadioCards<Scope>
        label={t('restores.steps.what')}
        value={scope}
        onChoose={(next) => set({ scope: next, names: undefined, where: undefined })}
        cards={scopes.map((value) => ({
          value,
          title: t(`restores.what.${value}`),
          text: t(`restores.what.${value}Text`),
          refused:
            value === 'modules' && modules.length === 0
              ? t('restores.what.noModules')
              : value === 'rows'
                ? (noRows ?? onlyAll)
                : value === 'all'
                  ? null
                  : onlyAll,
        }))}
      />
      {scope !== 'all' && tables === null && scope !== 'modules' && <Skeleton className="h-40" />}
      {scope === 'modules' && <Modules choice={choice} set={set} modules={modules} tables={tables} />}
      {scope === 'tables' && tables !== null && <Tables choice={choice} set={set} tables={tables} />}
      {scope === 'rows' && tables !== null && <Rows choice={choice} set={set} tables={tables} />}
      {scope !== 'all' && ofNewest && <p className="text-sm text-ink-2">{t('restores.what.ofNewest')}</p>}
    </>
  )
}

function toggled(choice: Choice, name: string, on: boolean): Choice {
  const names = on ? [...namesOf(choice), name] : namesOf(choice).filter((one) => one !== name)
  return { names: names.length === 0 ? undefined : names.join('\n') }
}

const keyOf = ({ schema, name }: { schema: string; name: string }): string => `${schema}\n${name}`

function Modules({ choice, set, modules, tables }: Pick<WhatProps, 'choice' | 'set' | 'modules' | 'tables'>) {
  const { t } = useTranslation()
  const format = useFormat()
  const chosen = namesOf(choice)
  const rowsOf = new Map(tables?.map((table) => [keyOf(table), table.rows]))
  return (
    <ul className="grid gap-2 sm:grid-cols-2">
      {modules.map((module) => {
        const rows = module.tables.reduce((sum, table) => sum + (rowsOf.get(keyOf(table)) ?? table.rows), 0)
        return (
          <li key={module.name} className="rounded-lg border bg-surface p-4">
            <Checkbox
              checked={chosen.includes(module.name)}
              onChange={(on) => set(toggled(choice, module.name, on))}
              label={
                <span className="font-medium">
                  <Name>{module.name}</Name>
                </span>
              }
              hint={
                <>
                  {module.description !== null && <bdi className="block">{module.description}</bdi>}
                  {t('units.tables', {
                    count: module.tables.length,
                    value: format.number(module.tables.length),
                  })}
                  {' · '}
                  {t('units.rows', { count: rows, value: format.number(rows) })}
                </>
              }
            />
          </li>
        )
      })}
    </ul>
  )
}

const manyTables = 8

function Tables({
  choice,
  set,
  tables,
}: {
  choice: Choice
  set: WhatProps['set']
  tables: readonly Counted[]
}) {
  const { t } = useTranslation()
  const format = useFormat()
  const [filter, setFilter] = useState('')
  const chosen = namesOf(choice)
  const shown = tables.filter(({ schema, name }) => `${schema}.${name}`.includes(filter.trim()))
  return (
    <div className="grid gap-3">
      {tables.length > manyTables && (
        <div className="max-w-sm">
          <Input
            code
            label={t('restores.what.find')}
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
          />
        </div>
      )}
      <ul className="grid max-h-96 gap-px overflow-auto rounded-lg border bg-line">
        {shown.map((table) => {
          const pattern = patternOf(table)
          return (
            <li
              key={pattern}
              className="flex items-center justify-between gap-4 bg-surface px-4 py-2.5 hover:bg-sunken"
            >
              <Checkbox
                checked={chosen.includes(pattern)}
                onChange={(on) => set(toggled(choice, pattern, on))}
                label={<Code>{`${table.schema}.${table.name}`}</Code>}
              />
              <span className="shrink-0 text-ink-2">
                {t('units.rows', { count: table.rows, value: format.number(table.rows) })}
              </span>
            </li>
          )
        })}
        {shown.length === 0 && (
          <li className="bg-surface px-4 py-3 text-ink-2">{t('restores.what.noTable')}</li>
        )}
      </ul>
    </div>
  )
}

function Rows({
  choice,
  set,
  tables,
}: {
  choice: Choice
  set: WhatProps['set']
  tables: readonly Counted[]
}) {
  const { t } = useTranslation()
  const [name = ''] = namesOf(choice)
  const found = tables.find((table) => patternOf(table) === name)
  return (
    <div className="grid gap-4">
      <div className="max-w-sm">
        <Select
          label={t('tables.table')}
          value={name}
          hint={
            found === undefined ? undefined : (
              <>
                {t('restores.what.holds')} <Count of={found.rows} />
              </>
            )
          }
          choices={[
            { value: '', text: t('restores.what.chooseTable') },
            ...tables.map((table) => ({ value: patternOf(table), text: `${table.schema}.${table.name}` })),
          ]}
          onChoose={(next) => set({ names: next === '' ? undefined : next })}
        />
      </div>
      <TextArea
        label={t('restores.what.condition')}
        hint={t('restores.what.conditionHint')}
        placeholder={'id = 4711'}
        rows={3}
        maxLength={10_000}
        value={choice.where ?? ''}
        onChange={(event) => set({ where: event.target.value === '' ? undefined : event.target.value })}
      />
    </div>
  )
}

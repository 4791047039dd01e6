import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from './button.tsx'
import { Choices } from './field.tsx'

export interface Filter {
  readonly name: string
  readonly label: string
  /** Undefined: all. */
  readonly value: string | undefined
  readonly choices: readonly { readonly value: string; readonly text: string }[]
}

interface FilterBarProps {
  readonly filters: readonly Filter[]
  readonly onFilter: (changed: Readonly<Record<string, string | undefined>>) => void
  /** How many rows there are, once it is known. */
  readonly aside?: ReactNode
}

/** What a list is narrowed by. The page keeps it in the address, so that it can be linked to. */
export function FilterBar({ filters, onFilter, aside }: FilterBarProps) {
  const { t } = useTranslation()
  const some = filters.some(({ value }) => value !== undefined)
  return (
    <div role="search" aria-label={t('table.filters')} className="mb-3 flex flex-wrap items-center gap-2">
      {filters.map(({ name, label, value, choices }) => (
        <Choices
          key={name}
          aria-label={label}
          value={value ?? ''}
          className={`phone:flex-1 phone:basis-2/5 ${value === undefined ? '' : '[&>select]:border-accent [&>select]:bg-accent-soft'}`}
          choices={[{ value: '', text: `${label}: ${t('table.all')}` }, ...choices]}
          onChoose={(next) => onFilter({ [name]: next === '' ? undefined : next })}
        />
      ))}
      {some && (
        <Button
          look="quiet"
          icon="close"
          onClick={() => onFilter(Object.fromEntries(filters.map(({ name }) => [name, undefined])))}
        >
          {t('table.clear')}
        </Button>
      )}
      {aside !== undefined && <div className="ms-auto text-sm text-ink-2">{aside}</div>}
    </div>
  )
}

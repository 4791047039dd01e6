import { Checkbox as RadixCheckbox, Switch as RadixSwitch } from 'radix-ui'
import { useId, type ComponentProps, type ReactNode } from 'react'
import { Icon } from './icons.tsx'
import { Tip } from './tooltip.tsx'

interface FieldProps {
  readonly label: ReactNode
  readonly hint?: ReactNode
  /** What is wrong with it; announced. */
  readonly problem?: ReactNode
  readonly optional?: ReactNode
  readonly children: (given: { id: string; describedBy: string | undefined; invalid: boolean }) => ReactNode
}

const box =
  'w-full min-w-0 rounded-lg border border-edge bg-surface text-base text-ink transition-colors hover:border-ink-3 ' +
  'focus-visible:outline-offset-0 disabled:opacity-50 aria-invalid:border-bad'

/** A label, what it belongs to, and what helps to fill it in. */
export function Field({ label, hint, problem, optional, children }: FieldProps) {
  const id = useId()
  const has = problem !== undefined && problem !== null && problem !== ''
  const describedBy = has || hint !== undefined ? `${id}-more` : undefined
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="flex items-baseline justify-between gap-3 font-medium">
        <span>{label}</span>
        {optional !== undefined && <span className="text-xs font-normal text-ink-3">{optional}</span>}
      </label>
      {children({ id, describedBy, invalid: has })}
      {describedBy !== undefined && (
        <p
          id={describedBy}
          role={has ? 'alert' : undefined}
          className={`text-sm ${has ? 'text-bad-text' : 'text-ink-2'}`}
        >
          {has ? problem : hint}
        </p>
      )}
    </div>
  )
}

type TextProps = Omit<FieldProps, 'children'> &
  Omit<ComponentProps<'input'>, 'children' | 'id'> & {
    /** Names, addresses and code stay left to right. */
    readonly code?: boolean
  }

export function Input({ label, hint, problem, optional, code = false, className = '', ...rest }: TextProps) {
  return (
    <Field label={label} hint={hint} problem={problem} optional={optional}>
      {({ id, describedBy, invalid }) => (
        <input
          {...rest}
          id={id}
          aria-describedby={describedBy}
          aria-invalid={invalid || undefined}
          {...(code ? { dir: 'ltr', spellCheck: false, autoCapitalize: 'none' } : {})}
          className={`${box} h-9 px-3 ${code ? 'font-mono text-sm rtl:text-right' : ''} ${className}`}
        />
      )}
    </Field>
  )
}

type AreaProps = Omit<FieldProps, 'children'> & Omit<ComponentProps<'textarea'>, 'children' | 'id'>

export function TextArea({ label, hint, problem, optional, className = '', ...rest }: AreaProps) {
  return (
    <Field label={label} hint={hint} problem={problem} optional={optional}>
      {({ id, describedBy, invalid }) => (
        <textarea
          rows={4}
          dir="ltr"
          spellCheck={false}
          {...rest}
          id={id}
          aria-describedby={describedBy}
          aria-invalid={invalid || undefined}
          className={`${box} px-3 py-2 font-mono text-sm ${className}`}
        />
      )}
    </Field>
  )
}

interface Choice {
  readonly value: string
  readonly text: string
}

type SelectProps = Omit<ComponentProps<'select'>, 'children' | 'id' | 'onChange'> & {
  readonly choices: readonly Choice[]
  readonly onChoose: (value: string) => void
}

/** The platform's own: it is quick, works by keyboard and on phones, and needs no style of its own making. */
export function Choices({ choices, onChoose, className = '', ...rest }: SelectProps & { id?: string }) {
  return (
    <span className={`relative inline-grid min-w-0 ${className}`}>
      <select
        {...rest}
        onChange={(event) => onChoose(event.target.value)}
        className={`${box} h-8 cursor-pointer appearance-none text-ellipsis ps-3 pe-8 phone:h-9`}
      >
        {choices.map(({ value, text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      <Icon name="down" className="pointer-events-none absolute end-2 top-1/2 -translate-y-1/2 text-ink-3" />
    </span>
  )
}

export function Select({
  label,
  hint,
  problem,
  optional,
  ...rest
}: SelectProps & Omit<FieldProps, 'children'>) {
  return (
    <Field label={label} hint={hint} problem={problem} optional={optional}>
      {({ id, describedBy, invalid }) => (
        <Choices {...rest} id={id} aria-describedby={describedBy} aria-invalid={invalid || undefined} />
      )}
    </Field>
  )
}

interface ToggleProps {
  readonly label: ReactNode
  readonly hint?: ReactNode
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
  readonly disabled?: boolean
}

export function Checkbox({ label, hint, checked, onChange, disabled = false }: ToggleProps) {
  const id = useId()
  return (
    <div className="flex items-start gap-2.5">
      <RadixCheckbox.Root
        id={id}
        checked={checked}
        disabled={disabled}
        onCheckedChange={(next) => onChange(next === true)}
        aria-describedby={hint === undefined ? undefined : `${id}-more`}
        className="mt-0.5 grid size-4 shrink-0 place-items-center rounded-sm border border-edge bg-surface text-on-accent transition-colors disabled:opacity-50 data-[state=checked]:border-accent data-[state=checked]:bg-accent"
      >
        <RadixCheckbox.Indicator>
          <Icon name="check" size={12} />
        </RadixCheckbox.Indicator>
      </RadixCheckbox.Root>
      <div className="grid gap-0.5">
        <label htmlFor={id}>{label}</label>
        {hint !== undefined && (
          <p id={`${id}-more`} className="text-sm text-ink-2">
            {hint}
          </p>
        )}
      </div>
    </div>
  )
}

interface SwitchProps extends Omit<ToggleProps, 'label'> {
  readonly label: string
  /** Why it can't be used; it is greyed, and says so. */
  readonly refused?: string | null
}

/** Takes effect at once. `label` is read aloud; what it is about stands beside it. */
export function Switch({ label, checked, onChange, disabled = false, refused = null }: SwitchProps) {
  const root = (
    <RadixSwitch.Root
      aria-label={label}
      checked={checked}
      disabled={disabled}
      aria-disabled={refused !== null || undefined}
      onCheckedChange={refused === null ? onChange : undefined}
      className="inline-flex h-5 w-9 shrink-0 items-center rounded-full border border-edge bg-sunken p-0.5 transition-colors disabled:cursor-not-allowed disabled:opacity-50 aria-disabled:cursor-not-allowed aria-disabled:opacity-50 data-[state=checked]:border-accent data-[state=checked]:bg-accent"
    >
      <RadixSwitch.Thumb className="size-3.5 rounded-full bg-edge transition-transform data-[state=checked]:translate-x-4 data-[state=checked]:bg-on-accent rtl:data-[state=checked]:-translate-x-4" />
    </RadixSwitch.Root>
  )
  return refused === null ? root : <Tip text={refused}>{root}</Tip>
}

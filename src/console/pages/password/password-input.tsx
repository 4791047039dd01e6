import { useTranslation } from 'react-i18next'
import { Input } from '../../ui/field.tsx'

const least = 12

export function longEnough(password: string): boolean {
  return password.length >= least
}

interface PasswordInputProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
}

/** A password that is being chosen. */
export function PasswordInput({ label, value, onChange }: PasswordInputProps) {
  const { t } = useTranslation()
  const short = value !== '' && !longEnough(value)
  return (
    <Input
      required
      type="password"
      dir="ltr"
      autoComplete="new-password"
      label={label}
      hint={t('password.hint', { count: least })}
      problem={short ? t('password.short', { count: least - value.length }) : null}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}

import type { ReactNode } from 'react'
import { Icon, type IconName } from './icons.tsx'

export type Meaning = 'good' | 'warn' | 'bad' | 'busy' | 'none'

const looks: Readonly<Record<Meaning, string>> = {
  good: 'bg-good-soft text-good-text',
  warn: 'bg-warn-soft text-warn-text',
  bad: 'bg-bad-soft text-bad-text',
  busy: 'bg-accent-soft text-accent-text',
  none: 'bg-sunken text-ink-2',
}

interface BadgeProps {
  readonly meaning: Meaning
  readonly icon: IconName
  readonly children: ReactNode
}

/** A state: colour, icon and word together, never one alone. */
export function Badge({ meaning, icon, children }: BadgeProps) {
  return (
    <span
      className={`inline-flex h-6 items-center gap-1.5 rounded-md px-2 text-sm font-medium whitespace-nowrap ${looks[meaning]}`}
    >
      <Icon
        name={icon}
        size={14}
        className={meaning === 'busy' ? 'animate-spin [animation-duration:2s]' : ''}
      />
      {children}
    </span>
  )
}

const texts: Readonly<Record<Meaning, string>> = {
  good: 'text-good-text',
  warn: 'text-warn-text',
  bad: 'text-bad-text',
  busy: 'text-accent-text',
  none: 'text-ink-2',
}

/** The same without a ground, for rows of tables. */
export function State({ meaning, icon, children }: BadgeProps) {
  return (
    <span className={`flex min-w-0 items-center gap-1.5 ${texts[meaning]}`}>
      <Icon
        name={icon}
        size={14}
        className={meaning === 'busy' ? 'animate-spin [animation-duration:2s]' : ''}
      />
      <span className="truncate">{children}</span>
    </span>
  )
}

import { Slot } from 'radix-ui'
import type { ComponentProps, ReactNode } from 'react'
import { Icon, type IconName } from './icons.tsx'
import { Tip } from './tooltip.tsx'

const looks = {
  /** The one thing that this place is for. */
  main: 'bg-accent text-on-accent hover:bg-accent-strong border-transparent',
  plain: 'bg-surface text-ink hover:bg-sunken border-line-strong',
  quiet: 'bg-transparent text-ink-2 hover:bg-sunken hover:text-ink border-transparent',
  danger: 'bg-bad-strong text-on-accent hover:opacity-90 border-transparent',
} as const

export interface ButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  readonly look?: keyof typeof looks
  readonly icon?: IconName
  /** Without it, `label` is needed. */
  readonly children?: ReactNode
  /** What it is called where only the icon is seen. */
  readonly label?: string
  /** Why it can't be used now; it is greyed, and says so. */
  readonly refused?: string | null | undefined
  readonly busy?: boolean
  readonly asChild?: boolean
}

export function buttonClass(look: keyof typeof looks, only: boolean): string {
  return (
    'inline-flex h-8 shrink-0 items-center justify-center gap-2 rounded-lg border text-base font-medium whitespace-nowrap select-none ' +
    'transition-colors aria-disabled:cursor-not-allowed aria-disabled:opacity-50 phone:h-9 ' +
    `${only ? 'w-8 phone:w-9' : 'px-3'} ${looks[look]}`
  )
}

/** What can't be used stays in the order of the Tab key, so that everybody finds out why. */
export function Button(o: ButtonProps) {
  const {
    look = 'plain',
    icon,
    children,
    label,
    refused,
    busy = false,
    asChild = false,
    className = '',
    onClick,
    ...rest
  } = o
  const blocked = busy || (refused !== undefined && refused !== null)
  const Root = asChild ? Slot.Root : 'button'
  const button = (
    <Root
      type={asChild ? undefined : 'button'}
      {...rest}
      aria-label={label}
      aria-disabled={blocked || undefined}
      aria-busy={busy || undefined}
      onClick={blocked ? (event) => event.preventDefault() : onClick}
      className={`${buttonClass(look, children === undefined)} ${className}`}
    >
      {asChild ? (
        children
      ) : (
        <>
          {icon !== undefined && (
            <Icon name={busy ? 'running' : icon} className={busy ? 'animate-spin' : ''} />
          )}
          {children}
        </>
      )}
    </Root>
  )
  const tip = refused ?? (children === undefined ? label : undefined)
  return tip === undefined ? button : <Tip text={tip}>{button}</Tip>
}

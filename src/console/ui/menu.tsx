import { DropdownMenu } from 'radix-ui'
import type { ReactNode } from 'react'
import { Icon, type IconName } from './icons.tsx'
import { useSurroundings } from './surroundings.ts'

const item =
  'flex h-8 items-center gap-2.5 rounded-md px-2 outline-none select-none phone:h-10 ' +
  'data-[highlighted]:bg-sunken data-[disabled]:cursor-not-allowed data-[disabled]:opacity-50'

/** A button that opens a list of things to do. */
export function Menu({
  trigger,
  children,
  side = 'bottom',
  align = 'end',
}: {
  trigger: ReactNode
  children: ReactNode
  side?: 'top' | 'bottom'
  align?: 'start' | 'end'
}) {
  const { floats } = useSurroundings()
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal container={floats}>
        <DropdownMenu.Content
          side={side}
          align={align}
          sideOffset={6}
          collisionPadding={8}
          className="z-50 min-w-52 animate-appear rounded-lg bg-surface p-1 shadow-float"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

interface ItemProps {
  readonly icon?: IconName
  readonly onSelect: () => void
  readonly children: ReactNode
  /** Why it can't be chosen. */
  readonly refused?: string | null
  readonly danger?: boolean
}

export function MenuItem({ icon, onSelect, children, refused = null, danger = false }: ItemProps) {
  return (
    <DropdownMenu.Item
      disabled={refused !== null}
      title={refused ?? undefined}
      onSelect={onSelect}
      className={`${item} ${danger ? 'text-bad-text' : ''}`}
    >
      {icon !== undefined && <Icon name={icon} className="text-ink-3" />}
      {children}
    </DropdownMenu.Item>
  )
}

interface RadioProps<T extends string> {
  readonly title: string
  readonly value: T
  readonly choices: readonly { readonly value: T; readonly text: string }[]
  readonly onChoose: (value: T) => void
}

export function MenuChoices<T extends string>({ title, value, choices, onChoose }: RadioProps<T>) {
  return (
    <DropdownMenu.Group>
      <DropdownMenu.Label className="px-2 pt-2 pb-1 text-xs font-medium text-ink-3">
        {title}
      </DropdownMenu.Label>
      <DropdownMenu.RadioGroup value={value} onValueChange={(next) => onChoose(next as T)}>
        {choices.map((choice) => (
          <DropdownMenu.RadioItem key={choice.value} value={choice.value} className={item}>
            <span className="w-4">
              <DropdownMenu.ItemIndicator>
                <Icon name="check" />
              </DropdownMenu.ItemIndicator>
            </span>
            {choice.text}
          </DropdownMenu.RadioItem>
        ))}
      </DropdownMenu.RadioGroup>
    </DropdownMenu.Group>
  )
}

export function MenuLine() {
  return <DropdownMenu.Separator className="my-1 h-px bg-line" />
}

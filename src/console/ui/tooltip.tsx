import { Tooltip } from 'radix-ui'
import type { ReactNode } from 'react'
import { useSurroundings } from './surroundings.ts'

/** A few words about what it surrounds, for pointer and keyboard. Nothing that is needed may be only here. */
export function Tip({
  text,
  children,
  side = 'top',
}: {
  text: ReactNode
  children: ReactNode
  side?: 'top' | 'bottom'
}) {
  const { floats } = useSurroundings()
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal container={floats}>
        <Tooltip.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="z-50 max-w-72 animate-appear rounded-md bg-ink px-2 py-1 text-xs text-bg"
        >
          {text}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}

export const TipProvider = Tooltip.Provider

import { RadioGroup } from 'radix-ui'
import type { ReactNode } from 'react'

export interface RadioCard<T extends string> {
  readonly value: T
  readonly title: ReactNode
  readonly text?: ReactNode
  /** Why it can't be chosen; stands in place of its text. */
  readonly refused?: string | null
}

interface RadioCardsProps<T extends string> {
  readonly label: string
  readonly cards: readonly RadioCard<T>[]
  readonly value: T
  readonly onChoose: (value: T) => void
}

/** One of a few ways, each with what it means. */
export function RadioCards<T extends string>({ label, cards, value, onChoose }: RadioCardsProps<T>) {
  return (
    <RadioGroup.Root
      aria-label={label}
      value={value}
      onValueChange={(next) => onChoose(next as T)}
      // In a form there is an input that is not seen, as wide as a card and moved by its width: to the left it would be scrolled to.
      className="relative grid gap-2 overflow-clip [overflow-clip-margin:6px]"
    >
      {cards.map((card) => {
        const blocked = card.refused !== undefined && card.refused !== null
        return (
          <RadioGroup.Item
            key={card.value}
            value={card.value}
            disabled={blocked}
            className="group flex items-start gap-3 rounded-lg border border-line-strong bg-surface px-4 py-3 text-start transition-colors enabled:hover:border-edge disabled:cursor-not-allowed data-[state=checked]:border-accent data-[state=checked]:bg-accent-soft"
          >
            <span
              aria-hidden="true"
              className="mt-0.5 grid size-4 shrink-0 place-items-center rounded-full border border-edge bg-surface group-data-[state=checked]:border-accent"
            >
              <RadioGroup.Indicator className="size-2 rounded-full bg-accent" />
            </span>
            <span className="grid min-w-0 gap-0.5">
              <span className={`font-medium ${blocked ? 'text-ink-3' : ''}`}>{card.title}</span>
              {(blocked || card.text !== undefined) && (
                <span className="text-ink-2">{blocked ? card.refused : card.text}</span>
              )}
            </span>
          </RadioGroup.Item>
        )
      })}
    </RadioGroup.Root>
  )
}

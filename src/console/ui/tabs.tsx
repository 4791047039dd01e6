import { Tabs as RadixTabs } from 'radix-ui'
import type { ReactNode } from 'react'

interface Tab {
  readonly value: string
  readonly text: ReactNode
  readonly content: ReactNode
}

/** Parts of one thing, of which one is seen. */
export function Tabs({
  tabs,
  value,
  onChoose,
  label,
}: {
  tabs: readonly Tab[]
  value: string
  onChoose: (value: string) => void
  label: string
}) {
  return (
    <RadixTabs.Root value={value} onValueChange={onChoose} className="grid gap-4">
      <RadixTabs.List aria-label={label} className="flex gap-5 overflow-x-auto border-b">
        {tabs.map((tab) => (
          <RadixTabs.Trigger
            key={tab.value}
            value={tab.value}
            className="-mb-px h-9 border-b-2 border-transparent font-medium whitespace-nowrap text-ink-2 transition-colors hover:text-ink focus-visible:-outline-offset-2 data-[state=active]:border-accent data-[state=active]:text-ink"
          >
            {tab.text}
          </RadixTabs.Trigger>
        ))}
      </RadixTabs.List>
      {tabs.map((tab) => (
        <RadixTabs.Content
          key={tab.value}
          value={tab.value}
          className="grid gap-4 focus-visible:outline-offset-4"
        >
          {tab.content}
        </RadixTabs.Content>
      ))}
    </RadixTabs.Root>
  )
}

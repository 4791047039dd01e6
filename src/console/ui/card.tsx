import type { ReactNode } from 'react'
import { useSurroundings } from './surroundings.ts'

export function Card({ children, className = '' }: { children: ReactNode; className?: string }) {
  return <section className={`rounded-lg border bg-surface ${className}`}>{children}</section>
}

interface PageHeadProps {
  readonly title: ReactNode
  readonly about?: ReactNode
  readonly actions?: ReactNode
}

/** The top of every page: what it is, a sentence about it, and what can be done. */
export function PageHead({ title, about, actions }: PageHeadProps) {
  const { title: Title } = useSurroundings()
  return (
    <header className="mb-5 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="grid min-w-0 gap-1">
        <Title className="text-xl tracking-[-0.01em]">{title}</Title>
        {about !== undefined && <p className="max-w-[64ch] text-ink-2">{about}</p>}
      </div>
      {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  )
}

interface FactsProps {
  readonly facts: readonly { readonly name: string; readonly value: ReactNode }[]
}

/** What is known of one thing, name and value. */
export function Facts({ facts }: FactsProps) {
  return (
    <dl className="grid gap-px overflow-hidden rounded-lg border bg-line">
      {facts.map(({ name, value }) => (
        <div key={name} className="grid grid-cols-[minmax(96px,2fr)_5fr] gap-4 bg-surface px-3 py-2">
          <dt className="text-ink-2">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

export function SectionHead({ children, aside }: { children: ReactNode; aside?: ReactNode }) {
  return (
    <div className="mb-2 flex items-baseline justify-between gap-3">
      <h2 className="text-sm font-semibold text-ink-2">{children}</h2>
      {aside}
    </div>
  )
}

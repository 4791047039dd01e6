import type { ReactNode } from 'react'
import { useFormat } from '../lib/format.ts'
import { useNow } from '../lib/now.ts'

/** Names, ids, addresses, SQL: left to right whatever the language, and apart from the text around them. */
export function Code({ children, className = '' }: { children: ReactNode; className?: string }) {
  return (
    <bdi dir="ltr" className={`font-mono text-[0.93em] ${className}`}>
      {children}
    </bdi>
  )
}

/** Names that people gave: in whatever direction they run. */
export function Name({ children }: { children: ReactNode }) {
  return <bdi>{children}</bdi>
}

interface MomentProps {
  /** ISO 8601 */
  readonly at: string
  readonly zone?: string
  /** `both`: 14:32, 3 hours ago */
  readonly show?: 'both' | 'time' | 'ago'
}

/** A moment as people say it; pointed at, exactly and with the zone. */
export function Moment({ at, zone, show = 'both' }: MomentProps) {
  const format = useFormat()
  const now = useNow()
  const date = new Date(at)
  const [time, ago] = [format.time(date, now), format.relative(date, now)]
  return (
    <time
      dateTime={at}
      title={zone === undefined ? format.exact(date) : `${format.exact(date)} · ${format.exact(date, zone)}`}
    >
      {show === 'ago' ? ago : time}
      {show === 'both' && <span className="text-ink-3"> · {ago}</span>}
    </time>
  )
}

export function Bytes({ of }: { of: number }) {
  return <bdi>{useFormat().bytes(of)}</bdi>
}

export function Count({ of }: { of: number }) {
  return <bdi>{useFormat().number(of)}</bdi>
}

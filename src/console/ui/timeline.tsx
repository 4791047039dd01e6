import { useMemo, type KeyboardEvent, type PointerEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../lib/format.ts'
import { useNow } from '../lib/now.ts'
import { useWidth } from './size.ts'
import {
  breaksOf,
  marksOf,
  nearest,
  ticksOf,
  timeOf,
  xOf,
  type Mark,
  type TimePoint,
} from './timeline-scale.ts'

export type { TimePoint } from './timeline-scale.ts'

interface Span {
  readonly from: number
  readonly to: number
}

interface TimelineProps {
  readonly label: string
  /** Backups, in any order. */
  readonly points: readonly TimePoint[]
  readonly from: number
  /** Where any moment can be reached. */
  readonly bands?: readonly Span[]
  /** Id of the point that is chosen. The page keeps it in the address. */
  readonly selected?: string | null | undefined
  /** Without it the timeline only shows. */
  readonly onSelect?: (point: TimePoint) => void
}

const line = 18
const height = 52

/**
 * Time as a place: what can be gone back to, and now at the end. Dots are filled when proven, hollow when not, with a ring when pinned.
 * The arrow keys go from backup to backup, in the direction in which they point.
 */
export function Timeline(o: TimelineProps) {
  const { t, i18n } = useTranslation()
  const format = useFormat()
  const now = useNow()
  const [ref, width] = useWidth<HTMLDivElement>()
  const mirrored = i18n.dir() === 'rtl'
  const to = now.getTime()
  const scale = { from: o.from, to, width, mirrored }
  const points = useMemo(() => [...o.points].sort((a, b) => a.at - b.at), [o.points])
  const breaks = useMemo(() => breaksOf(points).filter((gap) => gap.to > o.from), [points, o.from])
  const marks = width === 0 ? [] : marksOf(scale, points)
  const chosen = points.find(({ id }) => id === o.selected) ?? null
  const ticks = width === 0 ? [] : ticksOf(scale, 84)
  const { onSelect } = o

  const wordsOf = (point: TimePoint): string =>
    [format.time(new Date(point.at), now), t(point.proven ? 'timeline.proven' : 'timeline.notProven'), ...(point.pinned ? [t('timeline.pinned')] : [])].join(', ') // prettier-ignore

  function go(step: number): void {
    const at = chosen === null ? points.length : points.indexOf(chosen)
    const next = points[Math.min(points.length - 1, Math.max(0, at + step))]
    if (next !== undefined) onSelect?.(next)
  }

  function onKey(event: KeyboardEvent): void {
    const ahead = mirrored ? -1 : 1
    const step = { ArrowRight: ahead, ArrowLeft: -ahead, ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity }[event.key] // prettier-ignore
    if (step === undefined) return
    event.preventDefault()
    go(step)
  }

  function onPoint(event: PointerEvent<SVGSVGElement>): void {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left
    const found = nearest(points, timeOf(scale, x))
    if (found !== null) onSelect?.(found)
  }

  const slider =
    onSelect === undefined || points.length === 0
      ? { role: 'img', 'aria-label': `${o.label}: ${t('timeline.count', { count: points.length })}` }
      : {
          role: 'slider',
          tabIndex: 0,
          'aria-label': o.label,
          'aria-valuemin': 0,
          'aria-valuemax': points.length - 1,
          'aria-valuenow': chosen === null ? points.length - 1 : points.indexOf(chosen),
          'aria-valuetext': chosen === null ? t('timeline.none') : wordsOf(chosen),
          onKeyDown: onKey,
        }

  return (
    <div ref={ref} {...slider} className="rounded-md contain-inline-size">
      <svg
        width={width}
        height={height}
        className={onSelect === undefined ? 'block' : 'block cursor-pointer'}
        onPointerDown={onSelect === undefined ? undefined : onPoint}
      >
        {ticks.map(({ at, days }) => (
          <g key={at}>
            <line
              x1={xOf(scale, at)}
              x2={xOf(scale, at)}
              y1={line}
              y2={line + 8}
              className="stroke-line-strong"
            />
            {Math.abs(xOf(scale, at) - xOf(scale, to)) > 60 && (
              <text
                x={xOf(scale, at)}
                y={46}
                textAnchor={anchorOf(xOf(scale, at), width)}
                className="fill-ink-3 text-xs"
              >
                {days ? format.day(new Date(at)) : format.time(new Date(at), now)}
              </text>
            )}
          </g>
        ))}
        <line x1={0} x2={width} y1={line} y2={line} className="stroke-line-strong" />
        {(o.bands ?? []).map((band) => (
          <Stretch
            key={band.from}
            a={xOf(scale, Math.max(band.from, o.from))}
            b={xOf(scale, band.to)}
            className="stroke-good"
          />
        ))}
        {breaks.map((gap) => (
          <g key={gap.from}>
            <Stretch
              a={xOf(scale, Math.max(gap.from, o.from))}
              b={xOf(scale, gap.to)}
              className="stroke-bg"
            />
            <line
              x1={xOf(scale, Math.max(gap.from, o.from))}
              x2={xOf(scale, gap.to)}
              y1={line}
              y2={line}
              strokeDasharray="2 4"
              strokeWidth={2}
              className="stroke-warn"
            />
          </g>
        ))}
        {marks.map((mark) => (
          <Dot
            key={mark.points[0]?.id}
            mark={mark}
            words={
              mark.points.length === 1 && mark.points[0] !== undefined
                ? wordsOf(mark.points[0])
                : t('timeline.count', { count: mark.points.length })
            }
          />
        ))}
        {width > 0 && (
          <g>
            <line
              x1={xOf(scale, to)}
              x2={xOf(scale, to)}
              y1={4}
              y2={line + 12}
              strokeWidth={2}
              className="stroke-accent-text"
            />
            <text
              x={mirrored ? 0 : width}
              y={46}
              direction="ltr"
              textAnchor={mirrored ? 'start' : 'end'}
              className="fill-accent-text text-xs font-medium"
            >
              {t('timeline.now')}
            </text>
          </g>
        )}
        {chosen !== null && width > 0 && (
          <circle
            cx={xOf(scale, chosen.at)}
            cy={line}
            r={9}
            strokeWidth={2}
            fill="none"
            className="stroke-accent-text"
          />
        )}
      </svg>
    </div>
  )
}

function anchorOf(x: number, width: number): 'start' | 'middle' | 'end' {
  return x < 28 ? 'start' : x > width - 28 ? 'end' : 'middle'
}

function Stretch({ a, b, className }: { a: number; b: number; className: string }) {
  return <line x1={a} x2={b} y1={line} y2={line} strokeWidth={5} className={className} />
}

function Dot({ mark, words }: { mark: Mark; words: string }) {
  const { x, end, proven, pinned } = mark
  const [left, right] = [Math.min(x, end), Math.max(x, end)]
  return (
    <g>
      <title>{words}</title>
      {pinned && (
        <rect
          x={left - 7}
          y={line - 7}
          width={right - left + 14}
          height={14}
          rx={7}
          fill="none"
          className="stroke-ink-2"
        />
      )}
      <rect
        x={left - 4}
        y={line - 4}
        width={right - left + 8}
        height={8}
        rx={4}
        strokeWidth={1.5}
        className={proven ? 'fill-good stroke-good' : 'fill-surface stroke-ink-3'}
      />
    </g>
  )
}

/** What the marks mean, in words. */
export function TimelineKey() {
  const { t } = useTranslation()
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-sm text-ink-2">
      <li className="flex items-center gap-1.5">
        <span className="size-2 rounded-full bg-good" />
        {t('timeline.proven')}
      </li>
      <li className="flex items-center gap-1.5">
        <span className="size-2 rounded-full border-[1.5px] border-ink-3" />
        {t('timeline.notProven')}
      </li>
      <li className="flex items-center gap-1.5">
        <span className="grid size-3.5 place-items-center rounded-full border border-ink-2">
          <span className="size-1.5 rounded-full bg-ink-3" />
        </span>
        {t('timeline.pinned')}
      </li>
    </ul>
  )
}

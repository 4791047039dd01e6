import { useTranslation } from 'react-i18next'
import { useWidth } from './size.ts'

interface ChartProps {
  /** The whole of it in words, for whoever doesn't see it. */
  readonly label: string
  readonly height?: number
}

/** How one figure went. */
export function SparkLine({ label, values, height = 32 }: ChartProps & { values: readonly number[] }) {
  const { i18n } = useTranslation()
  const [ref, width] = useWidth<HTMLDivElement>()
  const most = Math.max(...values, 1)
  const step = values.length < 2 ? 0 : (width - 4) / (values.length - 1)
  const points = values.map((value, index) => {
    const x = 2 + index * step
    return [i18n.dir() === 'rtl' ? width - x : x, height - 3 - (value / most) * (height - 6)] as const
  })
  const last = points.at(-1)
  const path = points
    .map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join('')
  return (
    <div ref={ref} role="img" aria-label={label} className="contain-inline-size">
      <svg width={width} height={height} className="block">
        <path d={path} fill="none" strokeWidth={1.5} strokeLinejoin="round" className="stroke-accent-text" />
        {last !== undefined && <circle cx={last[0]} cy={last[1]} r={2.5} className="fill-accent-text" />}
      </svg>
    </div>
  )
}

interface Bar {
  readonly id: string
  readonly good: number
  readonly bad: number
  readonly words: string
}

/** One bar a day: what went well below, what failed on top of it. */
export function Bars({ label, bars, height = 40 }: ChartProps & { bars: readonly Bar[] }) {
  const { i18n } = useTranslation()
  const [ref, width] = useWidth<HTMLDivElement>()
  const most = Math.max(...bars.map(({ good, bad }) => good + bad), 1)
  const step = width / Math.max(1, bars.length)
  const size = (count: number): number => (count === 0 ? 0 : Math.max(3, (count / most) * (height - 2)))
  return (
    <div ref={ref} role="img" aria-label={label} className="contain-inline-size">
      <svg width={width} height={height} className="block">
        {bars.map(({ id, good, bad, words }, index) => {
          const x = (i18n.dir() === 'rtl' ? bars.length - 1 - index : index) * step
          const at = { x, width: Math.max(1, step - 2) }
          return (
            <g key={id}>
              <title>{words}</title>
              <rect {...at} y={height - 1} height={1} className="fill-line-strong" />
              <rect {...at} y={height - size(good)} height={size(good)} rx={1} className="fill-good" />
              <rect
                {...at}
                y={height - size(good) - size(bad) - (bad > 0 && good > 0 ? 1 : 0)}
                height={size(bad)}
                rx={1}
                className="fill-bad"
              />
            </g>
          )
        })}
      </svg>
    </div>
  )
}

import { Progress as RadixProgress } from 'radix-ui'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../lib/format.ts'
import type { JobProgress } from '../lib/types.ts'

/** A bar, what is being done, and how long it will take. Without a total the bar only says that something goes on. */
export function Progress({ of }: { of: JobProgress | null }) {
  const { t } = useTranslation()
  const format = useFormat()
  const percent = of?.percent ?? null
  const phase = of === null ? t('progress.starting') : t(`phases.${of.phase}`, { defaultValue: of.phase })
  const facts = of === null ? [] : factsOf(of)

  function factsOf({ done, total, unit, perSecond, secondsLeft }: JobProgress): string[] {
    const amount = (value: number): string =>
      unit === 'bytes'
        ? format.bytes(value)
        : t(`units.${unit}`, { count: value, value: format.number(value) })
    const found = [
      total === null
        ? amount(done)
        : t('progress.of', {
            done: unit === 'bytes' ? format.bytes(done) : format.number(done),
            total: amount(total),
          }),
    ]
    if (perSecond !== null && unit === 'bytes') found.push(format.rate(perSecond, unit))
    if (secondsLeft !== null && secondsLeft > 0)
      found.push(t('progress.left', { time: format.seconds(secondsLeft) }))
    return found
  }

  return (
    <div className="grid gap-1.5">
      <div className="flex flex-wrap items-baseline justify-between gap-x-3 text-sm">
        <bdi className="font-medium">{phase}</bdi>
        {percent !== null && <span className="text-ink-2">{format.percent(percent / 100)}</span>}
      </div>
      <RadixProgress.Root
        value={percent}
        aria-label={phase}
        className="h-1.5 overflow-hidden rounded-full bg-sunken"
      >
        <RadixProgress.Indicator
          className={`h-full rounded-full bg-accent transition-[width] duration-300 ${percent === null ? 'animate-pulse' : ''}`}
          style={{ width: percent === null ? '100%' : `${percent}%` }}
        />
      </RadixProgress.Root>
      {facts.length > 0 && (
        <p className="flex flex-wrap gap-x-3 text-sm text-ink-2">
          {facts.map((fact) => (
            <bdi key={fact}>{fact}</bdi>
          ))}
        </p>
      )}
    </div>
  )
}

import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../lib/format.ts'
import { Icon } from '../../ui/icons.tsx'
import type { Choice } from './choice.ts'

export const steps = ['when', 'what', 'where', 'look', 'do'] as const
export type Step = (typeof steps)[number]

interface StepBarProps {
  readonly at: Step
  /** With it, one can go back to what was chosen before. */
  readonly choice?: Choice | undefined
  /** All of them are behind. */
  readonly over?: boolean
}

/** Where one is on the way, and the way back. */
export function StepBar({ at, choice, over = false }: StepBarProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const here = steps.indexOf(at)
  return (
    <nav aria-label={t('restores.steps.label')} className="mb-6">
      <ol className="flex flex-wrap items-center gap-x-1 gap-y-1 phone:justify-between">
        {steps.map((step, index) => {
          const behind = over || index < here
          const current = !over && index === here
          const look = current ? 'bg-accent text-on-accent' : behind ? 'bg-good-soft text-good-text' : 'bg-sunken text-ink-2' // prettier-ignore
          const words = (
            <>
              <span
                className={`grid size-6 shrink-0 place-items-center rounded-full text-sm font-semibold ${look}`}
              >
                {behind ? <Icon name="check" size={14} /> : format.number(index + 1)}
              </span>
              <span className={current ? 'font-semibold' : 'sr-only text-ink-2 sm:not-sr-only'}>
                {t(`restores.steps.${step}`)}
              </span>
            </>
          )
          return (
            <li key={step} className="flex items-center gap-1" aria-current={current ? 'step' : undefined}>
              {index > 0 && <span aria-hidden="true" className="h-px w-5 bg-line-strong phone:w-2" />}
              {behind && !over && choice !== undefined && index < 3 ? (
                <Link
                  to="/restores/new"
                  search={{ ...choice, step }}
                  className="flex h-9 items-center gap-2 rounded-lg px-1.5 underline-offset-2 hover:underline"
                >
                  {words}
                </Link>
              ) : (
                <span className="flex h-9 items-center gap-2 px-1.5">{words}</span>
              )}
            </li>
          )
        })}
      </ol>
    </nav>
  )
}

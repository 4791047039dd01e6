import { useTranslation } from 'react-i18next'
import { State, type Meaning } from '../ui/badge.tsx'
import type { IconName } from '../ui/icons.tsx'
import type { Stage } from './restore-stage.ts'

const looks: Readonly<Record<Stage, { readonly meaning: Meaning; readonly icon: IconName }>> = {
  looking: { meaning: 'busy', icon: 'running' },
  deciding: { meaning: 'warn', icon: 'waiting' },
  working: { meaning: 'busy', icon: 'running' },
  done: { meaning: 'good', icon: 'check' },
  nothing: { meaning: 'good', icon: 'check' },
  failed: { meaning: 'bad', icon: 'failed' },
  expired: { meaning: 'none', icon: 'waiting' },
  cancelled: { meaning: 'none', icon: 'cancelled' },
}

export function RestoreState({ of }: { of: Stage }) {
  const { t } = useTranslation()
  return <State {...looks[of]}>{t(`restores.stages.${of}`)}</State>
}

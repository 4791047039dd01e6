import { useTranslation } from 'react-i18next'
import type { TimePoint } from '../ui/timeline-scale.ts'
import { Badge, State, type Meaning } from '../ui/badge.tsx'
import type { IconName } from '../ui/icons.tsx'
import { proofOf, type BackupFacts, type Proof } from './backup-facts.ts'

const looks: Readonly<Record<Proof, { readonly meaning: Meaning; readonly icon: IconName }>> = {
  damaged: { meaning: 'bad', icon: 'failed' },
  failed: { meaning: 'bad', icon: 'failed' },
  proven: { meaning: 'good', icon: 'proven' },
  partly: { meaning: 'warn', icon: 'proven' },
  none: { meaning: 'none', icon: 'none' },
}

export function BackupProof({ of, as = 'state' }: { of: BackupFacts; as?: 'state' | 'badge' }) {
  const { t } = useTranslation()
  const proof = proofOf(of)
  const Root = as === 'badge' ? Badge : State
  return <Root {...looks[proof]}>{t(`backups.proofs.${proof}`)}</Root>
}

export function pointOf(facts: BackupFacts): TimePoint {
  const proof = proofOf(facts)
  const proven = proof === 'proven' || proof === 'partly'
  return { id: facts.id, at: Date.parse(facts.moment), proven, pinned: facts.pins.length > 0 }
}

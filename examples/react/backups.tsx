import {
  BackupDashboard,
  BackupManager,
  BackupScheduler,
  HoldfastProvider,
  RestoreWizard,
  StorageOverview,
  type PartName,
  type Place,
} from 'holdfast/react'
import 'holdfast/react/styles.css'
import { useState } from 'react'

const parts = {
  dashboard: BackupDashboard,
  storage: StorageOverview,
  manager: BackupManager,
  scheduler: BackupScheduler,
  wizard: RestoreWizard,
} as const

const tabs: readonly { readonly name: string; readonly parts: readonly PartName[] }[] = [
  { name: 'Overview', parts: ['dashboard', 'storage'] },
  { name: 'Backups', parts: ['manager', 'scheduler'] },
  { name: 'Restore', parts: ['wizard'] },
]

interface BackupsProps {
  readonly language: 'en' | 'ar'
  readonly theme: 'light' | 'dark'
}

/** The shop's backups, in three tabs. What a part leads to and another tab has is shown there. */
export default function Backups({ language, theme }: BackupsProps) {
  const [tab, setTab] = useState(tabs[0])
  const [led, setLed] = useState<Place | null>(null)

  function goTo(to: Place): boolean {
    const other = tabs.find((one) => to.part !== null && one.parts.includes(to.part))
    if (other === undefined || other === tab) return false
    setTab(other)
    setLed(to)
    return true
  }

  return (
    <HoldfastProvider api="/holdfast" source="shop" language={language} theme={theme}>
      <div className="tabs" role="tablist" aria-label="Backups">
        {tabs.map((one) => (
          <button
            key={one.name}
            type="button"
            role="tab"
            aria-selected={one === tab}
            onClick={() => {
              setTab(one)
              setLed(null)
            }}
          >
            {one.name}
          </button>
        ))}
      </div>
      {tab?.parts.map((name) => {
        const Part = parts[name]
        return (
          <section key={name} className="part">
            <Part at={led?.part === name ? led.address : undefined} onNavigate={goTo} />
          </section>
        )
      })}
    </HoldfastProvider>
  )
}

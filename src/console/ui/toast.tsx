import { Toast } from 'radix-ui'
import { useSyncExternalStore, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from './button.tsx'
import { Icon } from './icons.tsx'

interface Said {
  readonly id: number
  readonly meaning: 'good' | 'bad'
  readonly text: string
}

let said: readonly Said[] = []
let count = 0
const listeners = new Set<() => void>()

function set(next: readonly Said[]): void {
  said = next
  for (const listener of listeners) listener()
}

/** Says that something was done, for a few seconds. Failures are told where they belong, by ErrorNote; here only if that place is gone. */
export function toast(text: string, meaning: Said['meaning'] = 'good'): void {
  set([...said.slice(-2), { id: ++count, meaning, text }])
}

export function Toasts({ children }: { children: ReactNode }) {
  const { t } = useTranslation()
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => said,
  )
  return (
    <Toast.Provider label={t('toast.label')} swipeDirection="down" duration={6000}>
      {children}
      {shown.map(({ id, meaning, text }) => (
        <Toast.Root
          key={id}
          onOpenChange={(open) => !open && set(said.filter((one) => one.id !== id))}
          className="flex animate-appear items-center gap-3 rounded-lg bg-surface py-2 ps-3 pe-2 shadow-float"
        >
          <Icon
            name={meaning === 'good' ? 'check' : 'failed'}
            className={meaning === 'good' ? 'text-good-text' : 'text-bad-text'}
          />
          <Toast.Description className="min-w-0 flex-1">{text}</Toast.Description>
          <Toast.Close asChild>
            <Button look="quiet" icon="close" label={t('common.close')} />
          </Toast.Close>
        </Toast.Root>
      ))}
      <Toast.Viewport
        label={t('toast.viewport')}
        className="fixed end-4 bottom-4 z-50 grid w-[min(380px,calc(100vw-32px))] gap-2 focus:outline-none"
      />
    </Toast.Provider>
  )
}

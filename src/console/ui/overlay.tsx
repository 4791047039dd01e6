import { Dialog as RadixDialog } from 'radix-ui'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from './button.tsx'
import { Input } from './field.tsx'
import { useSurroundings } from './surroundings.ts'
import { Code } from './words.tsx'

const veil = 'fixed inset-0 animate-appear bg-veil'

interface SheetProps {
  readonly title: ReactNode
  readonly about?: ReactNode
  readonly actions?: ReactNode
  readonly onClose: () => void
  readonly children: ReactNode
}

/** The details of one thing, beside the list that it is from. It has an address of its own: closing it goes back there. */
export function Sheet({ title, about, actions, onClose, children }: SheetProps) {
  const { t } = useTranslation()
  const { floats } = useSurroundings()
  return (
    <RadixDialog.Root open onOpenChange={(open) => !open && onClose()}>
      <RadixDialog.Portal container={floats}>
        <RadixDialog.Overlay className={`${veil} z-30`} />
        <RadixDialog.Content
          aria-describedby={undefined}
          tabIndex={-1}
          onOpenAutoFocus={focusFirst}
          className="fixed inset-y-0 end-0 z-40 flex w-full max-w-[640px] animate-slide flex-col border-s bg-bg focus:outline-none"
        >
          <header className="flex items-start gap-3 border-b bg-surface px-5 py-4 phone:px-4">
            <div className="grid min-w-0 flex-1 gap-1">
              <RadixDialog.Title className="text-lg break-words">{title}</RadixDialog.Title>
              {about !== undefined && <div className="text-ink-2">{about}</div>}
            </div>
            <RadixDialog.Close asChild>
              <Button look="quiet" icon="close" label={t('common.close')} />
            </RadixDialog.Close>
          </header>
          <div
            tabIndex={0}
            role="group"
            aria-label={t('common.details')}
            className="grid min-h-0 flex-1 auto-rows-max content-start gap-6 overflow-y-auto px-5 py-5 phone:px-4"
          >
            {children}
          </div>
          {actions !== undefined && (
            <footer className="flex flex-wrap items-center gap-2 border-t bg-surface px-5 py-3 phone:px-4">
              {actions}
            </footer>
          )}
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  )
}

/** The first field of a form; otherwise the sheet itself, and not its cross. */
function focusFirst(event: Event): void {
  event.preventDefault()
  if (!(event.currentTarget instanceof HTMLElement)) return
  const field = event.currentTarget.querySelector<HTMLElement>('form :is(input, select, textarea)')
  ;(field ?? event.currentTarget).focus()
}

interface DialogProps {
  readonly title: ReactNode
  readonly onClose: () => void
  readonly children: ReactNode
}

export function Dialog({ title, onClose, children }: DialogProps) {
  const { floats } = useSurroundings()
  return (
    <RadixDialog.Root open onOpenChange={(open) => !open && onClose()}>
      <RadixDialog.Portal container={floats}>
        <RadixDialog.Overlay className={`${veil} z-45`} />
        <RadixDialog.Content
          aria-describedby={undefined}
          className="fixed inset-x-0 top-[12vh] z-46 mx-auto grid max-h-[80vh] w-[calc(100%-32px)] max-w-[480px] animate-appear gap-4 overflow-y-auto rounded-lg bg-surface p-5 shadow-float focus:outline-none"
        >
          <RadixDialog.Title className="text-lg">{title}</RadixDialog.Title>
          {children}
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  )
}

interface ConfirmProps extends DialogProps {
  /** What is to be typed before it can be done; null: nothing, for what harms nobody. */
  readonly typed: string | null
  readonly verb: string
  readonly busy?: boolean
  readonly onConfirm: () => void
}

/** Says exactly what will happen. The way out is first, and has the focus. */
export function ConfirmDialog({
  title,
  typed,
  verb,
  busy = false,
  onClose,
  onConfirm,
  children,
}: ConfirmProps) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const ready = typed === null || text.trim() === typed
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (ready && !busy) onConfirm()
        }}
      >
        <div className="grid gap-3 text-ink-2">{children}</div>
        {typed !== null && (
          <Input
            code
            autoComplete="off"
            label={
              <>
                {t('common.typeToConfirm')} <Code className="font-semibold">{typed}</Code>
              </>
            }
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{t('common.back')}</Button>
          <Button
            type="submit"
            look={typed === null ? 'main' : 'danger'}
            busy={busy}
            refused={ready ? null : t('common.typeFirst')}
          >
            {verb}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

import { Link, type ErrorComponentProps } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { EmptyState, ErrorNote } from '../ui/notes.tsx'

export function NotFound() {
  const { t } = useTranslation()
  return (
    <main>
      <EmptyState
        icon="search"
        title={t('notFound.title')}
        action={
          <Button asChild look="main">
            <Link to="/">{t('notFound.back')}</Link>
          </Button>
        }
      >
        {t('notFound.text')}
      </EmptyState>
    </main>
  )
}

/** A page that could not be shown at all, such as one whose code could not be loaded. */
export function PageFailed({ error, reset }: ErrorComponentProps) {
  return (
    <div className="mx-auto max-w-[640px] p-6">
      <ErrorNote
        error={{ code: 'page_failed', message: error instanceof Error ? error.message : '', hint: '' }}
        retry={reset}
      />
    </div>
  )
}

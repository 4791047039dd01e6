import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { languageNames, languages, type Language } from '../lib/i18n.ts'
import { themes, useTheme } from '../lib/theme.ts'
import { wishLanguage, wishTheme } from '../lib/wishes.ts'
import { signOut, useSession } from '../session.ts'
import { Icon } from '../ui/icons.tsx'
import { Menu, MenuChoices, MenuItem, MenuLine } from '../ui/menu.tsx'

/** Who is signed in, and how they like it: language, theme, and the way out. */
export function AccountMenu() {
  const { t } = useTranslation()
  const session = useSession()
  const navigate = useNavigate()
  if (session === null) return null
  const role = t(`rights.roles.${session.role}`, { defaultValue: session.role })
  return (
    <Menu
      side="top"
      align="start"
      trigger={
        <button
          type="button"
          className="flex w-full items-center gap-2.5 rounded-lg px-2 py-1.5 text-start transition-colors hover:bg-sunken"
        >
          <span className="grid size-7 shrink-0 place-items-center rounded-full border bg-sunken text-ink-2">
            <Icon name="person" />
          </span>
          <span className="grid min-w-0 flex-1">
            <span className="truncate font-medium">
              <bdi>{session.name === '' ? t('account.key') : session.name}</bdi>
            </span>
            {session.name !== '' && <span className="truncate text-xs text-ink-3">{role}</span>}
          </span>
          <Icon name="more" className="text-ink-3" />
        </button>
      }
    >
      <Wishes />
      <MenuLine />
      <MenuItem icon="person" onSelect={() => void navigate({ to: '/account' })}>
        {t('me.title')}
      </MenuItem>
      <MenuItem icon="leave" onSelect={() => void signOut()}>
        {t('account.signOut')}
      </MenuItem>
    </Menu>
  )
}

/** Language and theme, also for whoever is not signed in yet. */
export function Wishes() {
  const { t, i18n } = useTranslation()
  const theme = useTheme()
  return (
    <>
      <MenuChoices
        title={t('account.language')}
        value={i18n.language as Language}
        choices={languages.map((value) => ({ value, text: languageNames[value] }))}
        onChoose={(language) => void wishLanguage(language)}
      />
      <MenuChoices
        title={t('account.theme')}
        value={theme}
        choices={themes.map((value) => ({ value, text: t(`account.themes.${value}`) }))}
        onChoose={(next) => void wishTheme(next)}
      />
    </>
  )
}

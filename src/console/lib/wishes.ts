import { begin, currentSession, onSession } from '../session.ts'
import { request } from './api.ts'
import { chooseLanguage, currentLanguage, type Language } from './i18n.ts'
import { chooseTheme, currentTheme, type Theme } from './theme.ts'
import type { Me } from './types.ts'

/*
 * Language and theme go with the account to every browser, once they were chosen; until then each browser goes by its own. A key of the
 * API has none: what is chosen with it stays in the browser.
 */

let followed = ''

/** Shows what the account says, now and whenever somebody else signs in. */
export async function startWishes(): Promise<void> {
  onSession(() => void follow())
  await follow()
}

async function follow(): Promise<void> {
  const session = currentSession()
  if (session === null || session.kind === 'key' || !session.wished) return
  const { id, language, theme } = session
  const wanted = `${id} ${language} ${theme}`
  if (wanted === followed) return
  followed = wanted
  chooseTheme(theme)
  await chooseLanguage(language)
}

export async function wishLanguage(language: Language): Promise<void> {
  await chooseLanguage(language)
  await keep()
}

export async function wishTheme(theme: Theme): Promise<void> {
  chooseTheme(theme)
  await keep()
}

let kept = 0

/** Both, since whoever has chosen one sees the other and is content with it. If it fails, it still holds in this browser. */
async function keep(): Promise<void> {
  if (currentSession()?.kind !== 'person') return
  const mine = ++kept
  const body = { language: currentLanguage(), theme: currentTheme() }
  const me = await request<Me>('PATCH', '/me', { body }).catch(() => null)
  // An answer to what was chosen before would take back what was chosen since.
  if (me !== null && mine === kept) begin(me)
}

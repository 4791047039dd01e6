import i18next, { type i18n, type InitOptions } from 'i18next'
import { initReactI18next } from 'react-i18next'
import { remember, remembered } from './remember.ts'

export const languages = ['en', 'ar'] as const
export type Language = (typeof languages)[number]

/** What a language calls itself. */
export const languageNames: Readonly<Record<Language, string>> = { en: 'English', ar: 'العربية' }

type Messages = Readonly<Record<string, unknown>>

/** Only the messages of the language that is shown are loaded. */
const loaders: Readonly<Record<Language, () => Promise<{ messages: Messages }>>> = {
  en: () => import('../messages/en.ts'),
  ar: () => import('../messages/ar.ts'),
}

/** What was chosen here before; otherwise the first of the browser's languages that there is. */
function firstLanguage(): Language {
  const wished = [remembered('language'), ...navigator.languages.map((one) => one.slice(0, 2))]
  return wished.find(isLanguage) ?? 'en'
}

function isLanguage(value: string | null): value is Language {
  return languages.some((one) => one === value)
}

export function currentLanguage(): Language {
  return isLanguage(i18next.language) ? i18next.language : 'en'
}

async function load(into: i18n, language: Language): Promise<void> {
  if (into.hasResourceBundle(language, 'messages')) return
  const { messages } = await loaders[language]()
  into.addResourceBundle(language, 'messages', messages)
}

const options: InitOptions = {
  ns: ['messages'],
  defaultNS: 'messages',
  resources: {},
  // React escapes.
  interpolation: { escapeValue: false },
  react: { useSuspense: false },
  partialBundledLanguages: true,
}

function apply(language: Language): void {
  const root = document.documentElement
  root.lang = language
  root.dir = i18next.dir(language)
}

export async function startLanguage(): Promise<void> {
  const language = firstLanguage()
  await i18next.use(initReactI18next).init({ ...options, lng: language })
  await load(i18next, language)
  apply(language)
}

/** Messages in one language for a part of a page that is not ours, whose own messages these leave alone. */
export async function newMessages(language: Language): Promise<i18n> {
  const own = i18next.createInstance()
  await own.init({ ...options, lng: language })
  await load(own, language)
  return own
}

export async function chooseLanguage(language: Language): Promise<void> {
  await load(i18next, language)
  remember('language', language)
  apply(language)
  await i18next.changeLanguage(language)
}

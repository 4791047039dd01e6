import { useSyncExternalStore } from 'react'
import { remember, remembered } from './remember.ts'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

let theme: Theme = themes.find((one) => one === remembered('theme')) ?? 'system'
const listeners = new Set<() => void>()

/** tokens.css follows color-scheme, which follows this. */
function apply(): void {
  const { dataset } = document.documentElement
  if (theme === 'system') delete dataset['theme']
  else dataset['theme'] = theme
}

export function startTheme(): void {
  apply()
}

export function chooseTheme(next: Theme): void {
  theme = next
  remember('theme', next)
  apply()
  for (const listener of listeners) listener()
}

export function currentTheme(): Theme {
  return theme
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, currentTheme)
}

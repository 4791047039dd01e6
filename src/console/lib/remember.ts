/** Wishes of whoever sits here, for this browser only. A browser that keeps nothing is no fault. */

type Wish = 'language' | 'theme'

export function remembered(wish: Wish): string | null {
  try {
    return localStorage.getItem(`holdfast.${wish}`)
  } catch {
    return null
  }
}

export function remember(wish: Wish, value: string): void {
  try {
    localStorage.setItem(`holdfast.${wish}`, value)
  } catch {
    // It holds until the page is left, then.
  }
}

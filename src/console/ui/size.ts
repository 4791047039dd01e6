import { useLayoutEffect, useRef, useState, useSyncExternalStore, type RefObject } from 'react'
import { useSurroundings } from './surroundings.ts'

/**
 * How wide an element is, in pixels; 0 before it is laid out. What is drawn at that width is in it, so it must be `contain-inline-size`: else it holds
 * its place open, and never becomes narrower.
 */
export function useWidth<T extends Element>(): [RefObject<T | null>, number] {
  const ref = useRef<T>(null)
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    const element = ref.current
    if (element === null) return
    const read = (): void => setWidth(Math.floor(element.getBoundingClientRect().width))
    read()
    const observer = new ResizeObserver(read)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return [ref, width]
}

/** Below it, in pixels, it is as narrow as a phone. The same line as `phone:` in styles.css. */
export const phoneWidth = 640

/** Asked when it is needed: where a page is rendered before it is in a browser there is none. */
const narrow = (): MediaQueryList => matchMedia(`(width < ${phoneWidth}px)`)

/** Whether it is as narrow as a phone: lists become cards there. */
export function usePhone(): boolean {
  const { phone } = useSurroundings()
  const window = useSyncExternalStore(
    (listener) => {
      const query = narrow()
      query.addEventListener('change', listener)
      return () => query.removeEventListener('change', listener)
    },
    () => narrow().matches,
  )
  return phone ?? window
}

/** What scrolls an element up and down; null: the window. */
export function scrollerOf(element: Element | null): Element | null {
  for (let at = element?.parentElement ?? null; at !== null && at !== document.body; at = at.parentElement)
    if (/auto|scroll/.test(getComputedStyle(at).overflowY)) return at
  return null
}

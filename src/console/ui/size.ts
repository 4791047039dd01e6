import { useLayoutEffect, useRef, useState, useSyncExternalStore, type RefObject } from 'react'

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

const narrow = matchMedia('(width < 640px)')

/** Whether it is as narrow as a phone: lists become cards there. The same line as `phone:` in styles.css. */
export function usePhone(): boolean {
  return useSyncExternalStore(
    (listener) => {
      narrow.addEventListener('change', listener)
      return () => narrow.removeEventListener('change', listener)
    },
    () => narrow.matches,
  )
}

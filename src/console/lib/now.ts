import { useSyncExternalStore } from 'react'

/** The time, for everything that says how long ago something was. One clock for all of them. */

const everyMs = 10_000
let now = new Date(performance.timeOrigin + performance.now())
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function tick(): void {
  now = new Date(performance.timeOrigin + performance.now())
  for (const listener of listeners) listener()
}

export function useNow(): Date {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      timer ??= setInterval(tick, everyMs)
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
    () => now,
  )
}

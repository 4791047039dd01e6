import { useSyncExternalStore } from 'react'

/*
 * What destroys, or gives somebody rights, takes a sign-in of the last minutes. A request that lacks it waits here for whoever sits at the
 * browser, and shell/sign-in-again.tsx asks them. Several that wait are answered together.
 */

interface Asked {
  readonly proved: Promise<boolean>
  readonly answer: (proved: boolean) => void
}

let asked: Asked | null = null
const listeners = new Set<() => void>()

function set(next: Asked | null): void {
  asked = next
  for (const listener of listeners) listener()
}

/** Resolves to whether they have proved again who they are; false: they would rather not. */
export async function proveAgain(): Promise<boolean> {
  if (asked !== null) return await asked.proved
  const { promise, resolve } = Promise.withResolvers<boolean>()
  set({
    proved: promise,
    answer(proved) {
      set(null)
      resolve(proved)
    },
  })
  return await promise
}

/** How the question is answered; null: nothing is asked. */
export function useAsked(): Asked['answer'] | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => asked?.answer ?? null,
  )
}

/**
 * Answers that cost a process each, remembered for a while: several who ask at once get one, and one that is no good is asked for again.
 * `isGood` false: it is told, and not kept.
 */
export function remembering<T>(o: {
  readonly forMs: number
  readonly isGood: (answer: T) => boolean
}): (key: string, ask: () => Promise<T>) => Promise<T> {
  const remembered = new Map<string, { readonly at: number; readonly answer: Promise<T> }>()
  return async (key, ask) => {
    const now = performance.now()
    for (const [old, { at }] of remembered) if (now - at > o.forMs) remembered.delete(old)
    const known = remembered.get(key)
    if (known !== undefined) return await known.answer
    const answer = ask()
    remembered.set(key, { at: now, answer })
    try {
      const told = await answer
      if (!o.isGood(told)) remembered.delete(key)
      return told
    } catch (error) {
      remembered.delete(key)
      throw error
    }
  }
}

import { Slot } from 'radix-ui'
import { useLayoutEffect, type ReactNode } from 'react'

/*
 * Stands in for react-remove-scroll, which radix-ui uses under what is modal: the page behind does not scroll. The original writes a style
 * element for it, which the content security policy refuses; here an attribute says it, and styles.css does the rest.
 */

let holders = 0

interface StillPage {
  readonly children: ReactNode
  readonly enabled?: boolean
}

export function RemoveScroll({ children, enabled = true }: StillPage) {
  useLayoutEffect(() => {
    if (!enabled) return
    const root = document.documentElement
    // The room of the scroll bar stays, so that nothing behind moves.
    if (holders === 0) root.style.paddingInlineEnd = `${innerWidth - root.clientWidth}px`
    holders++
    root.dataset['holdfastStill'] = ''
    return () => {
      holders--
      if (holders > 0) return
      delete root.dataset['holdfastStill']
      root.style.paddingInlineEnd = ''
    }
  }, [enabled])
  return <Slot.Root>{children}</Slot.Root>
}

RemoveScroll.classNames = { fullWidth: '', zeroRight: '' }

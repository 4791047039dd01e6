import type { ElementType, Key, ReactElement } from 'react'
import { Fragment, jsx as plainJsx, jsxs as plainJsxs } from 'react/jsx-runtime'

/*
 * What JSX becomes in this build: React's own, with `hf-` before the name of every class, as scope.ts has it in the styles. `p-4` and
 * `border` are names that the styles of an application's page are likely to know too.
 */

type Props = Readonly<Record<string, unknown>>

/** Idempotent, since what one component was given it gives to the next. */
function own(props: Props): Props {
  const { className } = props
  if (typeof className !== 'string') return props
  return { ...props, className: className.replaceAll(/(?<!\S)(?!hf-|holdfast)\S/g, 'hf-$&') }
}

export function jsx(type: ElementType, props: Props, key?: Key): ReactElement {
  return plainJsx(type, own(props), key)
}

export function jsxs(type: ElementType, props: Props, key?: Key): ReactElement {
  return plainJsxs(type, own(props), key)
}

export { Fragment }

import type { CSSOptions } from 'vite'

/*
 * The console has a page of its own, and its styles say so. These are they for a part of another application's page: nothing in them is about
 * anything but what is below `.holdfast`, and little of what that page says reaches there.
 */

type Plugin = Extract<
  NonNullable<Exclude<CSSOptions['postcss'], string | undefined>['plugins']>[number],
  { postcssPlugin: string }
>

/** As strong as an id: what a page says of elements and classes, such as `.admin button`, is weaker. */
const scope = '.holdfast:not(#_)'

/**
 * What a page says of elements, and what would be inherited from it, is taken back first. SVG's own attributes would be taken back with
 * it.
 */
const resets = [
  { selector: '.holdfast', value: 'initial' },
  { selector: `${scope} :where(:not(svg, svg *))`, value: 'revert' },
]

export const scopeStyles: Plugin = {
  postcssPlugin: 'holdfast-scope',
  OnceExit(root, { rule, decl }) {
    // Properties are declared for the whole page; for ours it is enough to set them, as Tailwind does for browsers that can't declare.
    root.walkAtRules('property', (property) => void property.remove())
    root.walkAtRules('layer', ({ params, nodes: [inner] = [] }) => {
      if (params === 'properties' && inner?.type === 'atrule') inner.replaceWith(inner.nodes ?? [])
    })
    // A rule in a layer is weaker than any outside, and those of a page are outside. In their order, and as selectors are, they do without.
    root.walkAtRules('layer', (layer) => {
      if (layer.nodes === undefined) layer.remove()
      else layer.replaceWith(layer.nodes)
    })
    // How wide a part is, and not the window, decides how it looks.
    root.walkAtRules('media', (query) => {
      if (!query.params.includes('width')) return
      query.name = 'container'
      query.params = `holdfast ${query.params.replace('not all and', 'not')}`
    })
    const names: string[] = []
    root.walkAtRules('keyframes', (frames) => {
      names.push(frames.params)
      frames.params = `holdfast-${frames.params}`
    })
    const named = new RegExp(`^(${names.join('|')})\\b`)
    root.walkDecls(/^(--animate-|animation)/, (declaration) => {
      declaration.value = declaration.value.replace(named, 'holdfast-$1')
    })
    root.walkRules((styled) => {
      const { parent } = styled
      const inKeyframes = parent?.type === 'atrule' && 'name' in parent && parent.name === 'keyframes'
      if (!inKeyframes) styled.selectors = [...new Set(styled.selectors.map(scoped))]
    })
    const from = root.source === undefined ? {} : { source: root.source }
    root.prepend(
      resets.map(({ selector, value }) =>
        rule({ selector, ...from }).append(decl({ prop: 'all', value, ...from })),
      ),
    )
  },
}

/** Classes have the prefix that jsx-runtime.ts gives them. What is about the whole page is about the root of each part. */
function scoped(selector: string): string {
  if (/^(\.holdfast|:root\[data-holdfast)/.test(selector)) return selector
  const [whole] = /^(:root|:host|html)/.exec(selector) ?? []
  if (whole !== undefined) return `.holdfast${selector.slice(whole.length)}`
  const prefixed = selector.replaceAll(/\.((?!holdfast)(?:\\[0-9a-f]{1,6} ?|\\.|[\w-])+)/g, '.hf-$1')
  return `${scope} ${prefixed}`
}

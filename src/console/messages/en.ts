/** All messages of the language: one file for each theme, named as the keys begin. */
const files = import.meta.glob<Readonly<Record<string, unknown>>>('./en/*.json', {
  eager: true,
  import: 'default',
})

export const messages = Object.fromEntries(
  Object.entries(files).map(([path, theme]) => [path.replace(/^.*\/(.*)\.json$/, '$1'), theme]),
)

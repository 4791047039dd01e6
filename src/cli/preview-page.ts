import { textHtml } from './html.ts'
import { style } from './preview-style.ts'

/** The page of a preview, around its `body`: it needs nothing else, runs nothing, and says first what it `holds`. All but `database` is HTML. */
export function previewPage(o: {
  readonly title: string
  readonly database: string
  readonly holds: string
  /** What that means, behind what it holds. */
  readonly meaning: string
  readonly headline: string
  readonly body: readonly string[]
}): string {
  return `<!doctype html>
<!-- This file contains ${o.holds}. -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${o.title}: ${textHtml(o.database)}</title>
<style>${style}</style>
</head>
<body>
<p class="holds">This page <b>contains ${o.holds}</b>${o.meaning}</p>
<h1 id="top">${o.title}</h1>
<p class="headline">${o.headline}</p>
${o.body.join('\n')}
</body>
</html>
`
}

/** A problem, question or note: what must be read before anything else. */
export function wordHtml(css: 'problem' | 'question' | 'note', label: string, what: string): string {
  return `<p class="word ${css}"><b>${label}</b> <span dir="auto">${textHtml(what)}</span></p>`
}

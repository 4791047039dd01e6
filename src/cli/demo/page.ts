import { textHtml } from '../html.ts'
import { sourceName } from './furnish.ts'
import { damages, damageWords, type Done } from './damage.ts'
import type { Look } from './look.ts'
import { style } from './page-style.ts'

/** What the page is told besides what is in the shop. */
export interface PageFacts {
  /** Sent along by its forms, so that no other page can do harm. */
  readonly word: string
  readonly console: string
  /** What was done to it, newest first. */
  readonly done: readonly Done[]
  /** Begins a command that restores. */
  readonly restore: string
}

/** The shop's page. */
export function printPage(look: Look, facts: PageFacts): string {
  const { company } = look
  return whole(
    company.name,
    `<header><b>Bazaar</b><span>a sample shop that twenty companies share</span><a href="${textHtml(facts.console)}">Holdfast’s console</a></header>
<main><section>
<nav aria-label="Companies">${look.companies.map((one) => `<a href="/?company=${one.id}"${one.id === company.id ? ' aria-current="page"' : ''}>${isolated(one.name)}</a>`).join('')}</nav>
<h1>${isolated(company.name)}</h1>
<p class="figures"><b>${textHtml(look.figures.orders)}</b> orders <b>${textHtml(look.figures.customers)}</b> customers${look.figures.tests === '0' ? '' : ` <b class="bad">${textHtml(look.figures.tests)} of them are called Test</b>`}</p>
<h2>Customers with most orders</h2>
<table><thead><tr><th>Number</th><th>Name</th><th>E-mail</th><th class="n">Orders</th><th class="n">Notes</th></tr></thead><tbody>
${look.customers.map((c) => `<tr><td>${textHtml(c.number)}</td><td${c.name === 'Test' ? ' class="bad"' : ''}>${isolated(c.name)}</td><td>${textHtml(c.email ?? '')}</td><td class="n">${textHtml(c.orders)}</td><td class="n">${c.notes === null ? '<span class="bad">gone</span>' : textHtml(c.notes)}</td></tr>`).join('\n')}
</tbody></table>
<h2>Newest orders</h2>
<table><thead><tr><th>Placed</th><th>Number</th><th>Customer</th><th>Status</th><th class="n">Total</th></tr></thead><tbody>
${look.orders.map((o) => `<tr><td>${textHtml(o.at)}</td><td>${textHtml(o.number)}</td><td>${isolated(o.customer)}</td><td>${textHtml(o.status)}</td><td class="n">${textHtml(o.total)}</td></tr>`).join('\n')}
</tbody></table></section>
<aside><h2>Cause damage</h2><p>Nothing here is real, and the service backs it up every night.</p>
${damages.map((kind) => damageForm(kind, company.id, facts.word)).join('\n')}
${facts.done.map((one) => doneText(one, facts)).join('\n')}
</aside></main>`,
  )
}

/** Instead of the page, where the shop can't be read. */
export function printTrouble(message: string, console: string): string {
  return whole(
    'Bazaar',
    `<header><b>Bazaar</b><a href="${textHtml(console)}">Holdfast’s console</a></header>
<main><section><h1>The shop is closed</h1><p class="bad">${textHtml(message)}</p></section></main>`,
  )
}

function damageForm(kind: (typeof damages)[number], company: number, word: string): string {
  const { title, text } = damageWords[kind]
  return `<form method="post" action="/damage"><input type="hidden" name="word" value="${textHtml(word)}"><input type="hidden" name="company" value="${company}"><input type="hidden" name="kind" value="${kind}"><button>${textHtml(title)}</button><p>${textHtml(text)}</p></form>`
}

function doneText(done: Done, { restore, console }: PageFacts): string {
  const { names, changed = '' } = done.choice
  const choice = new URLSearchParams({ source: sourceName, step: 'where', scope: 'tables', names: names.join('\n'), to: 'place', ...(changed === '' ? {} : { changed }) }) // prettier-ignore
  return `<div class="done" role="status"><p><code>${textHtml(done.statement)}</code></p><p class="bad">Lost: ${textHtml(done.lost)}.</p>
<p><a href="${textHtml(new URL(`/restores/new?${choice.toString()}`, console).href)}">Bring it back in the console</a>: it shows what would change, asks first, and can undo it.</p>
<p>Or from another terminal:</p><pre>${textHtml(`${restore} ${done.restore}`)}</pre></div>`
}

/** A name in any script, in a line that goes the other way. */
function isolated(name: string): string {
  return `<bdi>${textHtml(name)}</bdi>`
}

function whole(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${textHtml(title)}</title><style>${style}</style></head><body>${body}</body></html>`
}

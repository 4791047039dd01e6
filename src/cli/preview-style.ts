/** How the page of a preview looks: on a screen by day and by night, on a phone, on paper. What is told by a colour is told by a sign as well. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1b1f24; --quiet: #59636e; --line: #d4d9df; --shade: #f4f6f8;
  --create: #1a7f37; --update: #9a6700; --delete: #c62828; --conflict: #8250df; --same: #b6bec8; --alone: #7d8590;
  --old: #ffe3e0; --new: #d9f5df;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --ink: #e4e8ec; --quiet: #98a2ad; --line: #353c45; --shade: #1d232a;
    --create: #46b35a; --update: #d9a127; --delete: #f1736b; --conflict: #b58cff; --same: #4b545f; --alone: #7d8590;
    --old: #54211e; --new: #17401f;
  }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 72rem; padding: 1rem 1.25rem 3rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.4rem; margin: .75rem 0 .25rem }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; padding-top: .75rem; border-top: 1px solid var(--line) }
a { color: inherit }
.holds { margin: 0; padding: .4rem .75rem; border: 1px solid var(--line); background: var(--shade); font-size: .875rem }
.headline { font-size: 1.15rem; margin: .25rem 0 1rem }
.word { margin: .5rem 0; padding: .5rem .75rem; border: 1px solid var(--line); border-inline-start: .4rem solid var(--quiet) }
.word b { margin-inline-end: .4rem }
.problem { border-inline-start-color: var(--delete) }
.question { border-inline-start-color: var(--update) }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .75rem 0 }
dt { color: var(--quiet) }
dd { margin: 0 }
.wide { overflow-x: auto; margin: .5rem 0 }
table { border-collapse: collapse; font-size: .9rem; overflow-wrap: break-word }
.counts th[scope=row] { min-width: 9rem; overflow-wrap: anywhere }
.counts { width: 100% }
th, td { text-align: start; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line) }
th { font-weight: 600 }
thead th { color: var(--quiet) }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
tfoot td, tfoot th { border-top: 2px solid var(--line) }
.rows td { font-family: ui-monospace, monospace; font-size: .82rem; white-space: pre-wrap; overflow-wrap: break-word;
  max-width: 24rem }
.rows th { white-space: nowrap }
table.rows { width: max-content }
td.why { font-family: inherit; min-width: 12rem }
.null { color: var(--quiet); font-style: italic }
.sql { font-family: ui-monospace, monospace; font-size: .82rem; white-space: pre-wrap }
.sql > div { padding: 0 .25rem }
.sql > div::before { content: "  "; white-space: pre }
del, ins { display: block; padding: 0 .25rem; width: fit-content; max-width: 100% }
del { background: var(--old); text-decoration: line-through }
ins { background: var(--new); text-decoration: none; border-bottom: 2px solid var(--create) }
del::before { content: "\\2212  "; display: inline-block; text-decoration: none; white-space: pre }
ins::before { content: "+ "; white-space: pre }
.bar { display: flex; height: .8rem; min-width: 8rem; gap: 1px; print-color-adjust: exact; -webkit-print-color-adjust: exact }
.bar i { min-width: 5px; flex: 1 1 0; background: var(--c) }
.sign { display: inline-block; width: .8rem; height: .8rem; margin-inline-end: .35rem; background: var(--c);
  print-color-adjust: exact; -webkit-print-color-adjust: exact }
.create { --c: var(--create) }
.update { --c: repeating-linear-gradient(45deg, var(--update) 0 4px, var(--paper) 4px 5px) }
.delete { --c: repeating-linear-gradient(0deg, var(--delete) 0 3px, var(--paper) 3px 4px) }
.conflicts { --c: repeating-linear-gradient(90deg, var(--conflict) 0 3px, var(--paper) 3px 4px) }
.alone { --c: repeating-linear-gradient(-45deg, var(--alone) 0 2px, var(--paper) 2px 4px) }
.unchanged { --c: var(--same) }
details { margin: .5rem 0 }
summary { cursor: pointer }
summary b { margin-inline-end: .3rem }
ul { margin: .5rem 0; padding-inline-start: 1.25rem }
.back { font-size: .875rem; font-weight: 400; margin-inline-start: .75rem; color: var(--quiet) }
@media (max-width: 40rem) {
  body { padding: .75rem .75rem 2rem }
  dl { grid-template-columns: 1fr; gap: 0 }
  dd { margin-bottom: .4rem }
  .counts .shape { display: none }
  th, td { padding: .25rem .4rem }
  .counts { font-size: .8rem }
  .sign { display: block; margin-inline-start: auto; margin-inline-end: 0 }
}
@media print {
  :root { color-scheme: light }
  body { max-width: none; font-size: 10pt; padding: 0 }
  .back { display: none }
  .wide { overflow: visible }
  table.rows { width: auto }
  details::details-content { content-visibility: visible; block-size: auto }
  tr { break-inside: avoid }
  h2 { break-after: avoid }
}
`

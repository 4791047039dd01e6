/** The look of a report: of the reader's own light or dark scheme, as wide as a phone or a sheet of paper. */
export const pageStyle = `
:root { color-scheme: light dark; --text: #1b1f24; --quiet: #57606a; --line: #d0d7de; --ground: #ffffff; --panel: #f6f8fa;
  --good: #116329; --good-ground: #dafbe1; --bad: #a40e26; --bad-ground: #ffebe9; --open: #7d4e00; --open-ground: #fff8c5; --bar: #316dca }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --quiet: #9198a1; --line: #3d444d; --ground: #0d1117; --panel: #151b23;
    --good: #56d364; --good-ground: #12261e; --bad: #ff7b72; --bad-ground: #2d1517; --open: #e3b341; --open-ground: #272115; --bar: #4493f8 }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 58rem; padding: 1.5rem 1rem 3rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25 }
h2 { margin: 2.2rem 0 .6rem; font-size: 1.15rem }
p { margin: .5rem 0 }
.quiet { color: var(--quiet) }
.verdict { border-left: .4rem solid; border-radius: .4rem; padding: 1rem 1.2rem }
.verdict p { color: var(--text) }
.passed { color: var(--good); border-color: var(--good); background: var(--good-ground) }
.failed { color: var(--bad); border-color: var(--bad); background: var(--bad-ground) }
.open { color: var(--open); border-color: var(--open); background: var(--open-ground) }
.mark { display: inline-block; border-radius: 1rem; padding: .05rem .6rem; font-size: .85rem; font-weight: 600; white-space: nowrap }
table { width: 100%; border-collapse: collapse }
th, td { padding: .4rem .6rem .4rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }
th { color: var(--quiet); font-size: .85rem; font-weight: 600 }
td:first-child:has(+ td .mark) { overflow-wrap: normal }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
ul { margin: .3rem 0 0; padding-left: 1.1rem }
li { margin: .15rem 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.2rem; margin: 0 }
dt { color: var(--quiet) }
dd { margin: 0 }
svg { display: block; width: 100%; min-width: 5rem; height: .9rem; margin-top: .3rem }
svg .all { fill: var(--panel) }
svg .taken { fill: var(--bar) }
@media print {
  :root { color-scheme: light }
  body { max-width: none; padding: 0; font-size: 10pt }
  h2 { break-after: avoid }
  tr, li { break-inside: avoid }
  .verdict, .mark, svg { print-color-adjust: exact; -webkit-print-color-adjust: exact }
}
`

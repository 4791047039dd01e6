/** How the shop's page looks: plain, in light and dark. */
export const style = `
:root { color-scheme: light dark; --line: light-dark(#dddfe3, #33363d); --quiet: light-dark(#5c626d, #9aa1ad); --bad: light-dark(#b3261e, #ff8a80); --accent: light-dark(#0b5cad, #7ab8ff); --plane: light-dark(#f7f8fa, #1b1d22); }
* { box-sizing: border-box; }
body { margin: 0; font: 14px/1.5 system-ui, sans-serif; background: light-dark(#fff, #131418); color: light-dark(#1b1d22, #e8eaee); }
header { display: flex; gap: 12px; align-items: baseline; padding: 12px 24px; border-bottom: 1px solid var(--line); }
header b { font-size: 16px; } header span { color: var(--quiet); } header a { margin-inline-start: auto; }
a { color: var(--accent); }
main { display: grid; grid-template-columns: minmax(0, 1fr) 340px; gap: 32px; padding: 20px 24px; max-width: 1280px; margin: auto; }
@media (max-width: 860px) { main { grid-template-columns: minmax(0, 1fr); padding: 16px; } header span { display: none; } }
nav { display: flex; flex-wrap: wrap; gap: 4px 12px; } nav a { text-decoration: none; color: var(--quiet); } nav a[aria-current] { color: inherit; font-weight: 600; }
h1 { font-size: 22px; margin: 16px 0 4px; } h2 { font-size: 15px; margin: 24px 0 8px; } aside h2 { margin-top: 0; }
.figures { margin: 0; color: var(--quiet); } .figures b { color: light-dark(#1b1d22, #e8eaee); font-variant-numeric: tabular-nums; }
section { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; } th { text-align: start; font-weight: 500; color: var(--quiet); } td, th { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); } .n { text-align: end; padding-inline-end: 0; padding-inline-start: 12px; }
.bad, .figures b.bad { color: var(--bad); font-weight: 600; }
aside form, .done { border: 1px solid var(--line); border-radius: 8px; padding: 12px; margin-top: 12px; background: var(--plane); } aside p { margin: 6px 0 0; color: var(--quiet); } .done p.bad { color: var(--bad); }
button { font: inherit; font-weight: 600; color: var(--bad); background: none; border: 1px solid currentColor; border-radius: 6px; padding: 6px 12px; min-height: 32px; cursor: pointer; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: light-dark(#eceef2, #24272e); padding: 8px; border-radius: 6px; margin: 6px 0 0; font-size: 12px; } code { overflow-wrap: anywhere; color: light-dark(#1b1d22, #e8eaee); }
`

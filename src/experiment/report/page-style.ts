import { figureStyle } from '../figure/theme.ts'

/** From a telephone to a wall: one column below 40 rem, and text that grows a little with the screen. */
export const pageStyle = `:root{color-scheme:light dark;--page:#fff;--ink:#1a1a1a;--faint:#5c5c5c;--rule:#d4d4d4;--panel:#f7f7f7;--link:#005a9c;--good:#00694d;--bad:#a33c00}
@media screen and (prefers-color-scheme:dark){:root{--page:#16181c;--ink:#ececec;--faint:#a8adb5;--rule:#3a3f47;--panel:#1e2126;--link:#7cc0f2;--good:#3fd1a8;--bad:#ff9a5c}}
*{box-sizing:border-box}
html{font-size:clamp(15px,13px + .16vw,21px);-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
main{max-width:150rem;margin:0 auto;padding:1.2rem clamp(.8rem,3vw,3rem) 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:.4rem 0}h2{font-size:1.3rem;margin:2.6rem 0 .6rem;border-top:1px solid var(--rule);padding-top:1.2rem}
p{max-width:46rem;margin:.5rem 0}a{color:var(--link)}.faint{color:var(--faint)}
code,pre{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.87em}
pre{overflow-x:auto;background:var(--panel);padding:.8rem;border-radius:6px}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.15rem 1rem;margin:.8rem 0;max-width:60rem}
dt{color:var(--faint)}dd{margin:0;overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:0 0 1rem;max-width:max-content}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem;line-height:1.35}
h3{font-size:.95rem;margin:1.2rem 0 .2rem}
th,td{padding:.32rem .75rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--rule)}
thead th{color:var(--faint);font-weight:500;vertical-align:bottom}
th[scope=row],thead th:first-child{text-align:left;position:sticky;left:0;background:var(--page);font-weight:500}
th[scope=row]{white-space:normal;min-width:9rem;max-width:18rem}
.key{width:.9em;height:.9em;margin-right:.45em;vertical-align:-.06em}
.long{white-space:normal;min-width:15rem}
.good{color:var(--good)}.bad{color:var(--bad)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,34rem),1fr));gap:1rem;align-items:start}
figure{margin:0;border:1px solid var(--rule);border-radius:6px;overflow:hidden}
figure svg{display:block;width:100%;height:auto}figure svg.narrow{display:none}
figcaption{padding:0 .8rem .4rem;font-size:.75rem;text-align:right}figcaption a{color:var(--faint)}
.figure [data-arm]{transition:opacity .12s}.marked [data-arm]:not(.mark){opacity:.15}.figure [data-arm]{cursor:default}
@media (max-width:36rem){figure svg.wide{display:none}figure svg.narrow{display:block}th,td{padding:.3rem .5rem}th[scope=row]{min-width:6rem;max-width:9rem}}
@media print{main{max-width:none;padding:0}figure,table{break-inside:avoid}.figures{grid-template-columns:1fr 1fr}.scroll{overflow:visible}h2{break-after:avoid}}
${figureStyle}`

/** Pointing at an arm in a figure dims the others in all figures of its group. The page lacks nothing without it. */
export const pageScript = `for (const group of document.querySelectorAll('section')) {
  const parts = [...group.querySelectorAll('.figure [data-arm]')]
  const mark = name => {
    group.classList.toggle('marked', name !== undefined)
    for (const part of parts) part.classList.toggle('mark', part.dataset.arm === name)
  }
  for (const part of parts) {
    part.addEventListener('pointerenter', () => mark(part.dataset.arm))
    part.addEventListener('pointerleave', () => mark(undefined))
  }
}`

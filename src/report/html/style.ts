/** Rows of a table as blocks, one cell below the other; its titles stay for who hears the table. */
function blocks(table: string): string {
  return `${table} thead{position:absolute;left:-99rem}${table},${table} caption,${table} tbody{display:block}
${table} tr,${table} td{display:block;border:0;padding:0}${table} tr{border-bottom:1px solid var(--line);padding:.5rem 0;break-inside:avoid}
${table} td:empty,${table} td:has(>[data-for][hidden]:only-child){display:none}${table} td.long{min-width:0}${table} td>time:not([datetime])+.local{display:inline;margin-left:.5em}`
}

/** The style sheet of the report and of the evidence page. No font, image or colour is fetched. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1b1c1e;--soft:#55585e;--line:#d9dbdf;--paper:#fff;--raised:#f5f6f7;--link:#0b57a4;
--good:#14663a;--warn:#7d4700;--bad:#a5141c;--open:#f6dcdc;--wait:#f5ebd3;--ours:#0b57a4;--token:#8f97a3}
@media (prefers-color-scheme:dark){:root{--ink:#e7e8ea;--soft:#a4a8b0;--line:#3a3d43;--paper:#17181a;--raised:#202225;--link:#82b7f2;
--good:#78cf9c;--warn:#e6b566;--bad:#ff9a96;--open:#43262a;--wait:#3b3322;--ours:#82b7f2;--token:#7b828d}}
*{box-sizing:border-box}
html{font:100%/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;background:var(--paper);color:var(--ink);-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:1.25rem 1.25rem 4rem;max-width:72rem}
h1{font-size:1.4rem;line-height:1.25;margin:.1rem 0 .4rem;font-weight:650;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.75rem 0 .6rem;padding-top:.7rem;border-top:1px solid var(--line);font-weight:650}
h3{font-size:1rem;margin:1.5rem 0 .4rem;font-weight:650}
p,ul,ol{margin:.4rem 0;max-width:42rem}
ul,ol{padding-left:1.3rem}
li{margin:.15rem 0;overflow-wrap:anywhere}
a{color:var(--link);text-underline-offset:.15em}
a:focus-visible,button:focus-visible,input:focus-visible,textarea:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.meta,.soft,caption{color:var(--soft)}
.meta{font-size:.9rem;margin:0;overflow-wrap:anywhere;max-width:none}
.sim{font-weight:650;color:var(--warn)}
.skip{position:absolute;left:-99rem}.skip:focus{position:static}
.first{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:0 2.5rem;margin:1rem 0 0}
.first>section{border-top:1px solid var(--line);padding:.6rem 0 .9rem;min-width:0}
.first{font-size:.95rem}
.first h2{all:unset;display:block;font-size:.85rem;color:var(--soft);font-weight:500;margin-bottom:.15rem}
.first li{margin:.3rem 0}.first ol{margin:0}
.verdict{font-size:1.3rem;line-height:1.3;font-weight:650;margin:0;overflow-wrap:anywhere}
.count{font-size:1.9rem;line-height:1.2;font-weight:650;font-variant-numeric:tabular-nums;margin:0}
.claims{list-style:none;padding:0;margin:.5rem 0 0}
.rest summary{color:var(--soft);font-size:.85rem;cursor:pointer;padding:.15rem 0;min-height:24px;width:fit-content}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
nav{margin:1.4rem 0 0;font-size:.95rem}nav ul{list-style:none;padding:0;margin:0;display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;max-width:none}
nav a{display:inline-block;padding:.2rem 0}
.views{border:0;padding:0;margin:1.2rem 0 0;font-size:.95rem}.views legend{padding:0;color:var(--soft);font-size:.85rem}
.views label{display:inline-block;margin-right:1.2rem;padding:.25rem 0;min-height:24px}
.views input{accent-color:var(--link);margin:0 .35rem 0 0}
main>.verdict{margin-top:.6rem}header+main>section:first-child h2{margin-top:1rem}input,textarea{font:inherit;font-size:.95rem;max-width:100%;padding:.3rem .4rem}
button{font:inherit;font-size:.95rem;color:inherit;background:var(--raised);border:1px solid var(--soft);border-radius:4px;padding:.3rem .7rem;cursor:pointer;min-height:2rem}
.wide{overflow-x:auto;margin:.9rem 0}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:0 0 .3rem;font-size:.85rem}
th,td{text-align:left;vertical-align:top;padding:.35rem 1rem .35rem 0;border-bottom:1px solid var(--line);overflow-wrap:break-word}
th:last-child,td:last-child{padding-right:0}
td b,time,.at,.nb{white-space:nowrap}
th{font-weight:500;color:var(--soft);font-size:.85rem;white-space:nowrap}
td>a:only-child{white-space:nowrap}
td .local{color:var(--soft);font-size:.85em}td>time:not([datetime])+.local{display:block;white-space:nowrap}
td>ul{margin:0}
.rows td:nth-child(2){white-space:nowrap}.rows code{display:block;width:16ch}
tr:target td,li:target{background:var(--wait)}tr.wrong td{background:var(--open)}
code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.88em;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.15rem 1.2rem;margin:.5rem 0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
svg{display:block;width:100%;height:auto;font-size:14px}svg.narrow{display:none}
svg text{fill:var(--soft)}svg .lane{fill:var(--ink)}svg .tick{stroke:none}svg line.tick{stroke:var(--line);stroke-width:1}
svg .rule{stroke:var(--line)}svg line.edge{stroke:var(--ink)}svg text.edge{fill:var(--ink);font-weight:600}
svg .open{fill:var(--open)}svg .waiting{fill:var(--wait)}
svg .m{fill:var(--ink);stroke:none}svg .m text{fill:var(--ink);font-size:13px;stroke:var(--paper);stroke-width:3px;paint-order:stroke}
svg .ours rect{fill:var(--ours)}svg .refused path,svg .proof path{fill:none;stroke:var(--good);stroke-width:2}svg .holder path{fill:var(--bad)}
svg .asked circle{fill:var(--paper);stroke:var(--ours);stroke-width:1.5}
svg .token rect{fill:var(--token)}svg .exp{stroke:var(--ink);stroke-width:1.5}
.out{border-left:3px solid var(--line);padding-left:.9rem}
[hidden]{display:none!important}
body.main tr.minor{display:none}
td.long,.rows td:nth-child(3){overflow-wrap:anywhere;min-width:16ch}td .soft{overflow-wrap:anywhere}
td code{display:inline-block;min-width:min(14ch,100%);max-width:100%}td .log code,td .cmd{display:inline}
.cmd{color:var(--ink)}.cmd span{display:inline-block;max-width:100%;overflow-wrap:anywhere}
@media screen and (max-width:44rem){body{padding:.6rem .9rem 3rem}.first{grid-template-columns:minmax(0,1fr);font-size:.9rem;line-height:1.35;margin-top:.4rem}
.first>section{padding:.3rem 0 .15rem}.first p,.first ol{margin:.15rem 0}.first h2{margin:0}.verdict{font-size:1.05rem}.count{font-size:1.35rem}
.meta{font-size:.8rem;line-height:1.35}h1{font-size:1.15rem;margin:.1rem 0}
dl{grid-template-columns:minmax(0,1fr)}dt{margin-top:.4rem}
main .rest li{margin:.2rem 0}svg.full{display:none}svg.narrow{display:block}}
@media screen and (max-width:44rem){${blocks('main table')}
main td[data-th]::before{content:attr(data-th) ": ";color:var(--soft);font-size:.85rem}}
@media screen and (min-width:44.01rem) and (max-width:72rem),print{${blocks('main table.many')}
main .many td[data-th]{padding-left:9rem;position:relative}
main .many td[data-th]::before{content:attr(data-th);position:absolute;left:0;color:var(--soft);font-size:.85rem}}
@media screen and (max-width:44rem){main .rows code{display:inline;width:auto;min-width:0;word-break:break-all}.rows td:nth-child(2),.rows td:nth-child(4){color:var(--soft);font-size:.85em}}
@media screen and (min-width:44.01rem){.rest summary,.lead{display:none}}
@media print{.rest summary,.lead,[data-until]{display:none}[data-until]+p{font-size:1.3rem;line-height:1.3;font-weight:650}:root{color-scheme:light;--ink:#000;--soft:#444;--line:#bbb;--paper:#fff;--raised:#fff;--link:#000;--good:#14663a;--warn:#7d4700;--bad:#a5141c;--open:#f6dcdc;--wait:#f5ebd3;--ours:#0b57a4;--token:#8f97a3}
html{font-size:9.5pt}body{max-width:none;padding:0}.views,.skip,.screen,nav{display:none!important}
h2,h3,caption,.lead-in{break-after:avoid}tr,svg,li,dd,.first>section{break-inside:avoid}thead{display:table-header-group}p,li{orphans:3;widows:3}
h2{margin-top:1.6rem}.wide{overflow:visible}thead{break-after:avoid}tbody tr:first-child{break-before:avoid}main .many td[data-th]{padding-left:9.5rem}.rows code{width:24ch}
body.main tr.minor{display:table-row}a{text-decoration:none}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
@page{margin:14mm 12mm}
@media (forced-colors:active){:root{--ink:CanvasText;--soft:CanvasText;--line:GrayText;--paper:Canvas;--raised:Canvas;--link:LinkText;
--good:CanvasText;--warn:CanvasText;--bad:CanvasText;--open:Canvas;--wait:Canvas;--ours:CanvasText;--token:GrayText}
svg .open,svg .waiting{stroke:CanvasText}svg .waiting{stroke-dasharray:4 3}tr.wrong td{outline:2px solid CanvasText}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
`

/** The style of every page: one column, the reader's own light or dark, nothing fetched. */
export const STYLE = `:root{color-scheme:light dark;--text:#1b1f24;--back:#fff;--soft:#57606a;--line:#d0d7de;--fine:#1a7f37;--some:#9a6700;--failed:#c62828;--unmeasured:#8c959f;--focus:#0550ae}
@media(prefers-color-scheme:dark){:root{--text:#e6edf3;--back:#0d1117;--soft:#9da7b1;--line:#30363d;--fine:#3fb950;--some:#d29922;--failed:#ff7b72;--unmeasured:#6e7681;--focus:#79c0ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:64rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif;color:var(--text);background:var(--back);overflow-wrap:anywhere}
h1{font-size:1.4rem;margin:.5rem 0}h2{font-size:1.1rem;margin:1.5rem 0 .5rem}h3{font-size:1rem;margin:1rem 0 .25rem}.reason{white-space:pre-wrap}
.soft,time{color:var(--soft)}
ul.list{list-style:none;margin:0;padding:0}
ul.list>li{border-top:1px solid var(--line);padding:.5rem 0;display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:center}
.name{flex:1 1 14rem;min-width:0;font-weight:600}
.why{flex-basis:100%}.state{white-space:nowrap}
@media(min-width:42rem){ul.checks>li{display:grid;grid-template-columns:minmax(0,1fr) 8rem 17rem;font-variant-numeric:tabular-nums}.checks .share{grid-column:3}.checks .why{grid-column:1/-1}}
@media(min-width:58rem){ul.checks>li{grid-template-columns:minmax(0,1fr) 8rem 17rem 14.5rem}.checks .share{grid-column:4}}
.ok,.recovered{color:var(--fine)}.warning{color:var(--some)}.error{color:var(--failed)}.unknown,.suppressed{color:var(--soft)}
.wrong{border-left:.3rem solid var(--failed);padding:.1rem .75rem;margin:.5rem 0}
.bars{width:min(100%,17rem);height:18px;flex:none}
.bars .fine{stroke:var(--fine);stroke-width:12}.bars .some{stroke:var(--some);stroke-width:15}.bars .failed{stroke:var(--failed);stroke-width:18}.bars .unmeasured{stroke:var(--unmeasured);stroke-width:1}
table{border-collapse:collapse;width:100%;overflow-wrap:break-word}th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-top:1px solid var(--line);vertical-align:top}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}td.number,th{white-space:nowrap}
.scroll{overflow-x:auto}
.picture{width:100%;max-width:48rem;height:auto;fill:var(--fine);font-size:13px}.picture text{fill:var(--text)}.picture .tail{fill:var(--some)}
.ends{display:flex;justify-content:space-between;max-width:48rem;margin:0 0 .5rem}
summary{cursor:pointer;padding:.5rem 0}
a{color:inherit}a:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:.2rem solid var(--focus);outline-offset:.1rem}
a.name{text-decoration:none}a.name:hover{text-decoration:underline}
caption{text-align:left;color:var(--soft)}
footer{margin-top:1.5rem;display:flex;flex-wrap:wrap;gap:1rem}
.days{display:flex;flex-wrap:wrap;gap:1rem;align-items:center}
.picture .own{fill:var(--fine)}.picture .usual{fill:var(--soft)}.picture .failed{fill:var(--failed)}
pre{overflow-x:auto;font-size:.85rem}`;

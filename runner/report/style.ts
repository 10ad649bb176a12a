/** The style of every page: one column, the reader's own light or dark, nothing fetched. */
export const STYLE = `:root{color-scheme:light dark;--text:#1b1f24;--back:#fff;--soft:#57606a;--line:#d0d7de;--fine:#1a7f37;--some:#9a6700;--failed:#c62828;--unmeasured:#8c959f}
@media(prefers-color-scheme:dark){:root{--text:#e6edf3;--back:#0d1117;--soft:#9da7b1;--line:#30363d;--fine:#3fb950;--some:#d29922;--failed:#ff7b72;--unmeasured:#6e7681}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:64rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif;color:var(--text);background:var(--back);overflow-wrap:anywhere}
h1{font-size:1.4rem;margin:.5rem 0}h2{font-size:1.1rem;margin:1.5rem 0 .5rem}
.soft,time{color:var(--soft)}
ul.list{list-style:none;margin:0;padding:0}
ul.list>li{border-top:1px solid var(--line);padding:.5rem 0;display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:center}
.name{flex:1 1 14rem;min-width:0;font-weight:600}
.state{white-space:nowrap}
.ok,.recovered{color:var(--fine)}.warning{color:var(--some)}.error{color:var(--failed)}.unknown,.suppressed{color:var(--soft)}
.wrong{border-left:.3rem solid var(--failed);padding:.1rem .75rem;margin:.5rem 0}
.bars{width:min(100%,17rem);height:18px;flex:none}
.bars .fine{fill:var(--fine)}.bars .some{fill:var(--some)}.bars .failed{fill:var(--failed)}.bars .unmeasured{fill:var(--unmeasured)}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-top:1px solid var(--line);vertical-align:top}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}td.number,th{white-space:nowrap}
.scroll{overflow-x:auto}
.picture{width:100%;max-width:48rem;height:auto;fill:var(--fine);font-size:13px}.picture text{fill:var(--text)}.picture .tail{fill:var(--some)}
.ends{display:flex;justify-content:space-between;max-width:48rem;margin:0 0 .5rem}
summary{cursor:pointer}
pre{overflow-x:auto;font-size:.85rem}`;

export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #5b6570; --line: #d9dee3; --paper: #ffffff; --good: #157347; --some: #8a5a00; --bad: #b42318; --none: #3557a5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #9aa5b1; --line: #333b44; --paper: #14181c; --good: #5bd08f; --some: #e5b454; --bad: #ff8577; --none: #8fb0ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { margin: 0; font-size: 1.8rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
code { font: .9em/1.45 ui-monospace, monospace; overflow-wrap: anywhere; }
.about { color: var(--soft); font-size: .9rem; }
.answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem; margin-top: 1rem; }
.answer { border: 1px solid var(--line); border-top: 5px solid; border-radius: 6px; padding: .75rem 1rem; overflow-wrap: anywhere; }
.answer h2 { margin: 0; font-size: 1rem; font-weight: 600; }
.answer p { margin: .3rem 0 0; }
.word { font-size: 1.3rem; font-weight: 700; text-transform: uppercase; letter-spacing: .03em; }
.protected { border-top-color: var(--good); } .protected .word { color: var(--good); }
.partly { border-top-color: var(--some); } .partly .word { color: var(--some); }
.open { border-top-color: var(--bad); } .open .word { color: var(--bad); }
.answer.unknown { border-top-color: var(--none); } .answer.unknown .word { color: var(--none); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); }
td:first-child, td:nth-child(2) code { white-space: nowrap; }
tr.error td:first-child { color: var(--bad); font-weight: 600; } tr.warning td:first-child { color: var(--some); font-weight: 600; }
tr.unknown td:first-child { color: var(--none); } tr.pass td:first-child { color: var(--good); }
tr.notice td:first-child, tr.not_applicable td:first-child { color: var(--soft); }
.advice { margin: .2rem 0; color: var(--soft); }
details { margin-top: .2rem; } summary { cursor: pointer; color: var(--soft); font-size: .9rem; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .2rem .8rem; margin: .4rem 0; } dt { color: var(--soft); } dd { margin: 0; }
li { margin-bottom: .4rem; }
.tree { list-style: none; padding: 0; }
.beads i { display: inline-block; width: .85em; height: .85em; border-radius: 50%; border: 2px solid var(--soft); margin-right: .25em; }
.beads .used { background: var(--soft); } .beads .over { background: var(--bad); border-color: var(--bad); }
.decides { font-weight: 600; }
button { font: inherit; font-size: .85rem; }
@media print { details { display: block; } details > * { display: block; } button { display: none; } body { font-size: 11pt; } }
`;

/** Copy buttons. Without script there are none, and the records can be selected. */
export const PAGE_SCRIPT = `
for (const button of document.querySelectorAll("dd button")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const code = button.parentElement.querySelector("code").textContent;
    navigator.clipboard.writeText(code).then(() => { button.textContent = "copied"; }, () => { button.textContent = "select it by hand"; });
  });
}
`;

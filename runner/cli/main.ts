import "../capabilities.js";
import { maskRemembered } from "../run/secret-keeper.js";
import { main } from "./cli.js";
import { endWithNpx } from "./end-with-npx.js";
import { EXIT } from "./exit-codes.js";
import { processIo } from "./io.js";
import { reportError } from "./report-error.js";

const io = processIo();
endWithNpx(io.env);
// What a probe lets fly beside its run is a bug: Node's own exit code for it would say that the target failed.
// No run is there to mask what it says.
process.on("uncaughtException", (error) => process.exit(reportError(error, { err: (text) => io.err(maskRemembered(text)) })));
// A probe that ends the process, or leaves nothing to wait for, must not look like a target that is fine.
let isDone = false;
process.on("exit", (code) => {
  if (isDone || code !== EXIT.ok) return;
  io.err("probe-run: could not run: something ended the process before the answer was there\n");
  process.exitCode = EXIT.couldNotRun;
});
// Without await: the command is built as CommonJS, which has none at the top.
main(process.argv.slice(2), io).then((code) => {
  isDone = true;
  // A probe that is not ours may leave a socket or a timer behind; once the last word is written nothing is waited for.
  process.stdout.write("", () => process.exit(code));
});

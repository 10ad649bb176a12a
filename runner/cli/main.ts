import "../capabilities.js";
import { maskRemembered } from "../run/secret-keeper.js";
import { main } from "./cli.js";
import { endWithNpx } from "./end-with-npx.js";
import { EXIT } from "./exit-codes.js";
import { processIo } from "./io.js";
import { reportError } from "./report-error.js";

const io = processIo();
endWithNpx(io.env);
// An uncaught exception of a probe is a bug, but Node's exit code for it would mean that the target failed. Secrets are masked here because no run
// does it.
process.on("uncaughtException", (error) => process.exit(reportError(error, { err: (text) => io.err(maskRemembered(text)) })));
// A probe that ends the process, or leaves it with nothing to wait for, must not look like success.
let isDone = false;
process.on("exit", (code) => {
  if (isDone || code !== EXIT.ok) return;
  io.err("probe-run: could not run: the process ended before there was a result\n");
  process.exitCode = EXIT.couldNotRun;
});
// Not awaited: the command is built as CommonJS, which has no top-level await.
main(process.argv.slice(2), io).then((code) => {
  isDone = true;
  // A third-party probe may leave sockets or timers open; the process exits without waiting for them.
  process.stdout.write("", () => process.exit(code));
});

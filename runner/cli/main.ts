import { main } from "./cli.js";
import { processIo } from "./io.js";

const io = processIo();
// Without await: the command is built as CommonJS, which has none at the top.
main(process.argv.slice(2), io).then((code) => {
  // A probe that is not ours may leave a socket or a timer behind; once the last word is written nothing is waited for.
  process.stdout.write("", () => process.exit(code));
});

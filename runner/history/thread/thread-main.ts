import { parentPort, workerData } from "node:worker_threads";
import { History } from "../history.js";
import { Housekeeping } from "../housekeeping.js";
import { type Asked, answerAll } from "./answer-all.js";
import { type FromThread, sentError, type ToThread } from "./messages.js";

// The thread that owns the file of a history: runner/history/thread/history-thread.ts starts it.

const say = (message: FromThread): void => parentPort?.postMessage(message);
const history = opened();
if (history !== null) serve(history);

function opened(): History | null {
  try {
    const made = new History(workerData as string);
    say({ kind: "opened" });
    return made;
  } catch (error) {
    say({ kind: "failed", error: sentError(error) });
    return null;
  }
}

function serve(history: History): void {
  const housekeeping = new Housekeeping(history, (message) => say({ kind: "trouble", message }));
  let waiting: Asked[] = [];
  const answerWaiting = (): void => {
    const all = waiting;
    waiting = [];
    if (all.length > 0) say({ kind: "answers", answers: answerAll(history, all) });
  };
  parentPort?.on("message", (message: ToThread) => {
    if (message.kind === "ask") {
      // What has arrived already is answered, and stored, together.
      if (waiting.length === 0) setImmediate(answerWaiting);
      waiting.push(message);
    } else if (message.kind === "keep") housekeeping.keep(message.keeping);
    else {
      answerWaiting();
      housekeeping.end();
      history.close();
      say({ kind: "closed" });
      parentPort?.close();
    }
  });
}

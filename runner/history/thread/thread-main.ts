import { parentPort, workerData } from "node:worker_threads";
import type { Driver } from "../../sqlite/driver.js";
import { History } from "../history.js";
import { Housekeeping } from "../housekeeping.js";
import { type Asked, answerAll } from "./answer-all.js";
import { lockHistory } from "./history-lock.js";
import { type FromThread, sentError, type ToThread } from "./messages.js";

// The thread that owns the file of a history: runner/history/thread/history-thread.ts starts it.

const say = (message: FromThread): void => parentPort?.postMessage(message);
const opened = openLocked(workerData as string);
if (opened !== null) serve(opened);

interface LockedHistory {
  readonly history: History;
  readonly lock: Driver | null;
}

function openLocked(path: string): LockedHistory | null {
  let history: History | null = null;
  try {
    history = new History(path);
    const lock = lockHistory(path);
    say({ kind: "opened" });
    return { history, lock };
  } catch (error) {
    history?.close();
    say({ kind: "failed", error: sentError(error) });
    return null;
  }
}

function serve({ history, lock }: LockedHistory): void {
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
      lock?.close();
      say({ kind: "closed" });
      parentPort?.close();
    }
  });
}

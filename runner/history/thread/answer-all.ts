import type { History } from "../history.js";
import { HistoryLost } from "../history-lost.js";
import { answer, type GivenTo, isWriting, type RequestName } from "../requests.js";
import { sentError, type ThreadAnswer } from "./messages.js";

export interface Asked {
  readonly id: number;
  readonly name: RequestName;
  readonly given: readonly unknown[];
}

/** A transaction of more requests than this would keep readers of the file waiting. */
const MOST_TOGETHER = 500;

/** Answers requests in their order; those that write are stored together, as far as they follow each other. */
export function answerAll(history: History, all: readonly Asked[]): ThreadAnswer[] {
  const answers: ThreadAnswer[] = [];
  for (let index = 0; index < all.length; ) {
    const group = groupAt(all, index);
    answers.push(...(group.length === 1 ? [answerOne(history, group[0] as Asked)] : answerTogether(history, group)));
    index += group.length;
  }
  return answers;
}

function groupAt(all: readonly Asked[], start: number): readonly Asked[] {
  let end = start + 1;
  if (isWriting((all[start] as Asked).name)) while (end < all.length && end - start < MOST_TOGETHER && isWriting((all[end] as Asked).name)) end += 1;
  return all.slice(start, end);
}

/** If they cannot be stored together, one of them may be the cause: each is tried alone. */
function answerTogether(history: History, group: readonly Asked[]): ThreadAnswer[] {
  try {
    return history.together(() => group.map((asked) => ({ id: asked.id, value: valueFor(history, asked), error: null })));
  } catch (error) {
    if (error instanceof HistoryLost) return group.map(({ id }) => ({ id, value: null, error: sentError(error) }));
    return group.map((asked) => answerOne(history, asked));
  }
}

function answerOne(history: History, asked: Asked): ThreadAnswer {
  try {
    return { id: asked.id, value: valueFor(history, asked), error: null };
  } catch (error) {
    return { id: asked.id, value: null, error: sentError(error) };
  }
}

function valueFor(history: History, { name, given }: Asked): unknown {
  return answer(history, name, given as unknown as GivenTo<RequestName>);
}

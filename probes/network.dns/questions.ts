import { questionName, typeNumber } from "../../schemas/dns-types.js";
import type { Expectations, Input } from "./schema.js";

export interface Question {
  readonly name: string;
  readonly type: number;
  readonly expect: Expectations | undefined;
}

/** What an input asks, the name's questions first. */
export function questionsOf({ name, types, questions = [], expect }: Input): readonly Question[] {
  const short = name === undefined ? [] : types.map((type) => ({ name, type, expect }));
  return [...short, ...questions].map(({ name: asked, type, expect: own }) => ({
    name: questionName(asked) as string,
    type: typeNumber(type) as number,
    expect: own ?? expect,
  }));
}

import { RequestError } from "../../support/request-error.js";
import { type Legacy, type PreparedWatch, prepareWatch, type Watch } from "../../watch/watch.js";

export interface Replaced {
  readonly watch: Watch;
  /** Why the watch of the file before continues; null: that of the changed file has begun. */
  readonly error: RequestError | null;
}

/** Ends a watch and begins that of the changed file. A full disk may not take the checks that are new: those before them must not end with that. */
export async function replaceWatch(
  before: Watch,
  next: PreparedWatch,
  open: (prepared: PreparedWatch, legacy: Legacy) => Promise<Watch>,
  { environment, fail }: { readonly environment: NodeJS.ProcessEnv; fail(error: unknown): void },
): Promise<Replaced> {
  const legacy = await before.close();
  try {
    return { watch: await open(next, legacy), error: null };
  } catch (error) {
    const again = prepareWatch(before.book.plan, environment).then((prepared) => open(prepared, legacy));
    // Nothing would run any more.
    again.catch(fail);
    return {
      watch: await again,
      error: new RequestError("the changed file cannot be watched", "usage", [{ pointer: "", message: (error as Error).message, hint: null }]),
    };
  }
}

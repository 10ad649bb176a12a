import * as nodeModule from "node:module";

/** Import this, followed by a package's name, to load the package from the user's folder instead of from here. */
export const FROM_USER = "probe-run-from-user:";

/** Where names are resolved. */
interface Places {
  /** A URL inside the running probe-run. */
  ours: string;
  /** A URL in the current folder of the user. */
  user: string;
  prefix: string;
}

interface ResolveContext {
  parentURL?: string | undefined;
}

type Next<Result> = (specifier: string, context?: ResolveContext) => Result;
type Resolve = <Result>(specifier: string, context: ResolveContext, next: Next<Result>) => Result;

let installed = false;

/** Resolves `import … from "probe-run"` to the running probe-run, also in a file outside any project that has it installed. */
export function installHooks(places: Omit<Places, "prefix">): void {
  if (installed) return;
  installed = true;
  const data: Places = { ...places, prefix: FROM_USER };
  const { registerHooks } = nodeModule as { registerHooks?: (hooks: { resolve: Resolve }) => void };
  if (registerHooks !== undefined) registerHooks({ resolve: resolver(data) });
  else nodeModule.register(`data:text/javascript,${encodeURIComponent(threadModule())}`, { data });
}

/** Nodes before 22.15 resolve in a thread of their own, to which only this function's text can go: it uses nothing from around it. */
function resolver({ ours, user, prefix }: Places): Resolve {
  return (specifier, context, next) => {
    if (specifier.startsWith(prefix)) return next(specifier.slice(prefix.length), { ...context, parentURL: user });
    // A package may import itself by its name, so the look-up starts inside probe-run.
    if (specifier === "probe-run" || specifier.startsWith("probe-run/")) return next(specifier, { ...context, parentURL: ours });
    return next(specifier, context);
  };
}

function threadModule(): string {
  return `${resolver}
let resolveInThread;
export function initialize(places) { resolveInThread = ${resolver.name}(places); }
export function resolve(...all) { return resolveInThread(...all); }
`;
}

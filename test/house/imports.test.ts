import { describe, expect, test } from "vitest";
import { circlesIn } from "./circles.js";
import { sourcesIn } from "./files.js";
import { type Import, importsIn, importsOf } from "./imports.js";
import { EXCEPTIONS, ROOMS } from "./rooms.js";

const all = ["schemas", "runner", "probes"].flatMap(sourcesIn).flatMap(importsOf);
const isOurs = (path: string) => /^(schemas|runner|probes|test|scripts|bench|fixtures|docs)\//.test(path) || path.startsWith("../");
const listed = (imports: readonly Import[]) => imports.map(({ from, module }) => `${from} imports ${module}`);

describe("imports run one way: schemas, runner, probes", () => {
  test("schemas import nothing outside schemas/", () => {
    expect(listed(all.filter(({ from, module }) => inside("schemas", from) && isOurs(module) && !inside("schemas", module)))).toEqual([]);
  });

  test("runner/ has no file outside of a room but the entry points and the table of capabilities", () => {
    const loose = sourcesIn("runner").filter((path) => path.split("/").length === 2);
    expect(loose).toEqual(["runner/capabilities.ts", "runner/delivery-library.ts", "runner/index.ts"]);
  });

  test("each room imports only rooms that stand above it in the table", () => {
    const rooms = Object.keys(ROOMS);
    for (const [room, below] of Object.entries(ROOMS)) {
      const later = below.filter((other) => rooms.indexOf(other) >= rooms.indexOf(room));
      expect(later, `${room} stands above ${later.join()} in the table`).toEqual([]);
    }
    expect(
      sourcesIn("runner")
        .map(roomOf)
        .filter((room) => room !== null && !rooms.includes(room)),
    ).toEqual([]);
  });

  test("a room imports only what the table of rooms allows", () => {
    const isAllowed = ({ from, module }: Import) => {
      const room = roomOf(from);
      if (room === null) return inside("runner", module) || inside("schemas", module);
      const target = roomOf(module);
      return inside("schemas", module) || target === room || (target !== null && ROOMS[room]?.includes(target)) || EXCEPTIONS[from]?.includes(module);
    };
    expect(listed(all.filter((each) => inside("runner", each.from) && isOurs(each.module) && !isAllowed(each)))).toEqual([]);
  });

  test("every arrow of the table is used", () => {
    const used = (room: string, other: string) => all.some(({ from, module }) => roomOf(from) === room && roomOf(module) === other);
    const unused = Object.entries(ROOMS).flatMap(([room, others]) => others.filter((other) => !used(room, other)).map((other) => `${room} -> ${other}`));
    expect(unused).toEqual([]);
  });

  test("no files import each other in a circle, type imports and lazy imports counted", () => {
    expect(circlesIn(all.filter(({ module }) => isOurs(module)))).toEqual([]);
  });

  // A round trip is what these two do, in one run; the posture of a domain asks block lists. Every other probe stands by itself.
  const MADE_OF: Readonly<Record<string, readonly string[]>> = {
    "probes/mail.roundtrip": ["probes/mail.send", "probes/mail.receive"],
    "probes/mail.posture": ["probes/mail.blocklist"],
    "probes/mail.receive": ["probes/mail.verify"],
  };

  test("a probe imports schemas, the runner and its own folder; some also what they are made of", () => {
    const allowed = ({ from, module }: Import) =>
      ["schemas", "runner", folderOf(from), ...(MADE_OF[folderOf(from)] ?? [])].some((folder) => inside(folder, module));
    const probes = all.filter(({ from }) => inside("probes", from) && !["probes/index.ts", "probes/catalogue.ts", "probes/labs.ts"].includes(from));
    expect(listed(probes.filter((each) => isOurs(each.module) && !allowed(each)))).toEqual([]);
  });
});

describe("only runner/net opens sockets", () => {
  const network = /^(node:)?(net|tls|dns|dgram|http|https|http2|quic)(\/|$)/;
  const outside = all.filter(({ from, module }) => network.test(module) && !inside("runner/net", from));

  test("node:net, tls, dns and dgram stay inside it, but for isIP in schemas/host.ts", () => {
    const allowed = ({ from, module, names }: Import) => from === "schemas/host.ts" && module === "node:net" && names?.join() === "isIP";
    expect(listed(outside.filter((each) => !allowed(each)))).toEqual([]);
  });
});

describe("there is one HTTP client", () => {
  test("nothing else than its HTTP/2 part makes requests by node:http, node:https or node:http2", () => {
    const clients = all.filter(
      ({ module, names }) => /^node:http/.test(module) && (names === null || names.some((name) => /^(request|get|connect|Agent)$/.test(name))),
    );
    expect(listed(clients)).toEqual(["runner/net/http/http2.ts imports node:http2"]);
  });
});

describe("the search for circles", () => {
  const arrows = (text: string): Import[] => text.split(" ").map((arrow) => ({ from: arrow[0] as string, module: arrow[1] as string, names: null }));

  test("finds each circle, however long, and nothing else", () => {
    expect(circlesIn(arrows("ab bc cd"))).toEqual([]);
    expect(circlesIn(arrows("ab bc ca cd"))).toEqual([["a", "b", "c"]]);
    expect(circlesIn(arrows("ab ba xy yx ax")).sort()).toEqual([
      ["a", "b"],
      ["x", "y"],
    ]);
  });
});

describe("the reader of imports", () => {
  test("sees every way to name a module", () => {
    const code = [
      'import a from "./a.js";',
      'import { isIP as b } from "node:net";',
      'export * from "../c.js";',
      'const d = await import("./d.js");',
      'type E = typeof import("./e.js");',
      'const f = require("node:dns");',
    ].join("\n");
    expect(importsIn("runner/net/x.ts", code).map(({ module, names }) => [module, names])).toEqual([
      ["runner/net/a.ts", null],
      ["node:net", ["isIP"]],
      ["runner/c.ts", null],
      ["runner/net/d.ts", null],
      ["runner/net/e.ts", null],
      ["node:dns", null],
    ]);
  });
});

function inside(folder: string, path: string): boolean {
  return path.startsWith(`${folder}/`);
}

function folderOf(path: string): string {
  return path.slice(0, path.indexOf("/", "probes/".length));
}

/** The room of a file of runner/; null for a file outside, and for the entry points. */
function roomOf(path: string): string | null {
  const [top, room, file] = path.split("/");
  return top === "runner" && file !== undefined ? (room as string) : null;
}

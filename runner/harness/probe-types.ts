import type { Carried } from "../../schemas/carried.js";
import type { Exchange, TypedProbe } from "./define-probe.js";
import type { BuiltInTypes } from "./registry.js";

type BuiltInName = keyof BuiltInTypes & string;
type TypesOf<Name extends BuiltInName> = BuiltInTypes[Name] extends TypedProbe<infer Newest, infer Versions> ? { newest: Newest; versions: Versions } : never;
type Versions<Name extends BuiltInName> = TypesOf<Name>["versions"];
type VersionOf<Name extends BuiltInName> = keyof Versions<Name> & string;
type MajorOf<Version extends string> = Version extends `${infer Major}.${string}` ? Major : never;

/** All names of a built-in probe: `network.smtp`, `network.smtp@2`, `network.smtp@2.0.0`. */
export type ProbeName = { [Name in BuiltInName]: Name | `${Name}@${VersionOf<Name> | MajorOf<VersionOf<Name>>}` }[BuiltInName];

/** A name that an editor can complete, or any other: a path, a package, or a name that is only known at run time. */
export type AnyProbeName = ProbeName | (string & Record<never, never>);

/** `network` of `network.smtp`: the first words of the built-in probes' names are reserved. */
type Family = BuiltInName extends infer Name ? (Name extends `${infer First}.${string}` ? First : never) : never;

/** The name itself, unless it looks like a built-in probe and is none: `network.smtpp@2` does not compile. */
export type CheckedName<Name extends string> = Name extends ProbeName ? Name : Name extends `${Family}.${string}` ? ProbeName : Name;

/**
 * A name alone stands for the newest version. Of a third-party probe, and of a name that is known only at run time, only what every output carries is
 * known; an older contract may show it in another form, as network.smtp@1 does.
 */
type ExchangeOf<Name extends string> = Name extends BuiltInName
  ? Versions<Name>[TypesOf<Name>["newest"] & VersionOf<Name>]
  : Name extends `${infer Bare extends BuiltInName}@${infer Wish}`
    ? { [Version in VersionOf<Bare>]: Wish extends Version | MajorOf<Version> ? Versions<Bare>[Version] : never }[VersionOf<Bare>]
    : Exchange<unknown, Carried>;

/** The type of a probe's input, as written. */
export type InputOf<Name extends string> = ExchangeOf<Name> extends infer Each extends Exchange ? Each["given"] : never;
/** The type of its output. */
export type OutputOf<Name extends string> = ExchangeOf<Name> extends infer Each extends Exchange ? Each["output"] : never;

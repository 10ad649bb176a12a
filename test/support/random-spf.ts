import { SpfError, type SpfResolver } from "../../runner/mail/spf/lookups.js";
import type { SpfRequest } from "./spf-oracle.js";

/** Records, zones and messages for SPF, most of them nearly right. */
export class SpfGenerator {
  constructor(readonly random: () => number) {}

  pick<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.random() * values.length)] as Value;
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  many<Value>(most: number, make: () => Value): Value[] {
    return Array.from({ length: Math.floor(this.random() * (most + 1)) }, make);
  }

  name = (): string => this.pick(["a", "b", "c", "d", "e", "gone", "mail.a", "x.y.b"].map((label) => `${label}.example.com`));
  ipv4 = (): string => this.pick(["192.0.2.1", "192.0.2.9", "198.51.100.7", "203.0.113.200", "10.0.0.1"]);
  ipv6 = (): string => this.pick(["2001:db8::1", "2001:db8:0:1::9", "2001:db8:ffff::1"]);

  domain(): string {
    if (this.chance(0.85)) return this.name();
    return this.pick([
      "%{d}",
      "%{i}.by.example.com",
      "%{ir}.by.example.com",
      "%{l}.a.example.com",
      "%{d2}",
      "%{o}",
      "%{h}",
      "%{l-}.b.example.com",
      "%{v}.c.example.com",
      "%%.a.example.com",
      "%{d1r}.example.com",
    ]);
  }

  prefix(): string {
    return this.pick(["", "", "", "/24", "/32", "/0", "/8", "//64", "/24//64", "//128"]);
  }

  term(): string {
    const sign = this.pick(["", "", "", "-", "~", "?", "+"]);
    switch (this.pick(["all", "ip4", "ip6", "a", "a", "mx", "include", "include", "exists", "ptr", "ip4", "modifier", "odd"])) {
      case "all":
        return `${sign}all`;
      case "ip4":
        return `${sign}ip4:${this.ipv4()}${this.pick(["", "", "/24", "/32", "/0", "/16"])}`;
      case "ip6":
        return `${sign}ip6:${this.ipv6()}${this.pick(["", "", "/64", "/32", "/128", "/0"])}`;
      case "a":
        return `${sign}a${this.chance(0.5) ? `:${this.domain()}` : ""}${this.prefix()}`;
      case "mx":
        return `${sign}mx${this.chance(0.5) ? `:${this.domain()}` : ""}${this.prefix()}`;
      case "include":
        return `${sign}include:${this.domain()}`;
      case "exists":
        return `${sign}exists:${this.domain()}`;
      case "ptr":
        return `${sign}ptr${this.chance(0.5) ? `:${this.name()}` : ""}`;
      case "modifier":
        return this.pick([`redirect=${this.domain()}`, `exp=${this.name()}`, "unknown=%{d}", `redirect=${this.name()}`]);
      default:
        return this.pick([
          "ip4:192.0.2",
          "ip4:192.0.2.1/33",
          "a:",
          "foo",
          "include",
          "ip6:1.2.3.4",
          "all:a.example.com",
          "mx:/24",
          "-ALL",
          "A",
          "IP4:192.0.2.1",
          "a/33",
          "redirect=",
          "exists:",
          "a:%{z}",
          "include:a..example.com",
          "ip6:2001:db8::1/129",
          "=x",
          "a:example",
        ]);
    }
  }

  record(): string {
    return [this.pick(["v=spf1", "v=spf1", "v=spf1", "V=SPF1", "v=spf1 ", "v=spf10", "v=spf"]), ...this.many(5, () => this.term())].join(" ");
  }

  zone(): SpfRequest["zone"] {
    const names = ["a", "b", "c", "d", "e", "mail.a", "x.y.b"].map((label) => `${label}.example.com`);
    const entries = names.map((name): [string, "fails" | Record<string, readonly string[] | "fails">] => {
      if (this.chance(0.03)) return [name, "fails"];
      const records: Record<string, readonly string[] | "fails"> = {
        TXT: this.chance(0.05) ? [this.record(), this.record()] : this.chance(0.9) ? [this.record()] : ["something else"],
        A: this.many(2, this.ipv4),
        AAAA: this.many(2, this.ipv6),
        MX: this.many(3, this.name),
      };
      if (this.chance(0.03)) records[this.pick(["A", "TXT", "MX"])] = "fails";
      return [name, records];
    });
    const reverse = { "1.2.0.192.in-addr.arpa": { PTR: this.many(3, this.name) }, "7.100.51.198.in-addr.arpa": { PTR: this.many(2, this.name) } };
    return { ...Object.fromEntries(entries), ...reverse };
  }

  request(): SpfRequest {
    return {
      zone: this.zone(),
      ip: this.chance(0.7) ? this.ipv4() : this.ipv6(),
      sender: this.pick(["ann@a.example.com", "b.c-d@b.example.com", "c.example.com", "@d.example.com", "", "x@gone.example.com"]),
      helo: this.pick(["a.example.com", "mail.a.example.com", "helo"]),
    };
  }
}

export function spfResolverOf(zone: SpfRequest["zone"]): SpfResolver {
  return async (name, type) => {
    const records = zone[name.toLowerCase().replace(/\.$/, "")];
    if (records === undefined) return [];
    const found = records === "fails" ? "fails" : (records[type] ?? []);
    if (found === "fails") throw new SpfError("temperror", "the name server failed");
    return found;
  };
}

import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { assertOnlyOursToWrite, findConfig } from "../../../runner/harness/config-file.js";

let base = "";
const at = (path: string): string => join(base, path);
const config = (folder: string): string => at(join(folder, "probe-run.config.json"));

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "probe-run-config-")));
  mkdirSync(at("shared/project/deep/deeper"), { recursive: true });
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

function write(path: string, mode = 0o644): void {
  writeFileSync(path, "{}");
  chmodSync(path, mode);
}

describe("the configuration file is looked for", () => {
  test.each(["package.json", ".git"])("up to the project's root, which has %s", (mark) => {
    write(config("shared"));
    write(at(`shared/project/${mark}`));
    expect(findConfig(at("shared/project/deep/deeper"))).toBeNull();
    write(config("shared/project"));
    expect(findConfig(at("shared/project/deep/deeper"))).toBe(config("shared/project"));
  });

  test("up to the home folder", () => {
    write(config("shared"));
    expect(findConfig(at("shared/project/deep"), at("shared/project"))).toBeNull();
    expect(findConfig(at("shared/project/deep"), at("shared"))).toBe(config("shared"));
  });

  test("only in the folder itself outside of both", () => {
    write(config("shared"));
    expect(findConfig(at("shared/project"), "/nowhere")).toBeNull();
    write(config("shared/project"));
    expect(findConfig(at("shared/project"), "/nowhere")).toBe(config("shared/project"));
  });
});

describe("the configuration file is refused", () => {
  test.each([0o666, 0o664, 0o646])("when others may write it: %o", (mode) => {
    write(config("shared"), mode);
    expect(() => assertOnlyOursToWrite(config("shared"))).toThrow(expect.objectContaining({ code: "invalid_probe" }));
  });

  test("when it belongs to another user", () => {
    if (process.getuid?.() !== 0) return;
    write(config("shared"));
    chownSync(config("shared"), 65_534, 65_534);
    expect(() => assertOnlyOursToWrite(config("shared"))).toThrow(
      expect.objectContaining({ violations: [expect.objectContaining({ message: "it belongs to another user (uid 65534)" })] }),
    );
  });

  test("never when it is ours alone", () => {
    write(config("shared"), 0o644);
    expect(() => assertOnlyOursToWrite(config("shared"))).not.toThrow();
  });
});

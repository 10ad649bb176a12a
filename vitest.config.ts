import { existsSync } from "node:fs";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 15_000,
    hookTimeout: 30_000,
    setupFiles: ["runner/capabilities.ts"],
    globalSetup: ["test/support/report-missing.ts"].filter((path) => existsSync(new URL(path, import.meta.url))),
  },
});

import { cpSync, rmSync } from "node:fs";
import { inRepo } from "./repo.js";

// Part of a release: these contracts become the baseline.
rmSync(inRepo("schemas/released"), { recursive: true, force: true });
cpSync(inRepo("schemas/json"), inRepo("schemas/released"), { recursive: true });

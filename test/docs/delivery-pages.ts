import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

const PAGES = ["docs/delivery.md", "docs/delivery/routing.md", "docs/delivery/operations.md", "docs/delivery/api.md"];

/** The pages on delivery, one after the other. */
export const deliveryPages = (await Promise.all(PAGES.map((page) => readFile(resolve(page), "utf8")))).join("\n");

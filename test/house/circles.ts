import type { Import } from "./imports.js";

/** Groups of files that import each other in a circle, each sorted: Tarjan's strongly connected components of more than one file. */
export function circlesIn(imports: readonly Import[]): string[][] {
  const graph = new Map<string, Set<string>>();
  for (const { from, module } of imports) {
    const modules = graph.get(from) ?? new Set();
    graph.set(from, modules.add(module));
  }
  const found: string[][] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const explore = (file: string): number => {
    order.set(file, order.size);
    lowest.set(file, order.get(file) as number);
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!order.has(next)) lowest.set(file, Math.min(lowest.get(file) as number, explore(next)));
      else if (stack.includes(next)) lowest.set(file, Math.min(lowest.get(file) as number, order.get(next) as number));
    }
    if (lowest.get(file) === order.get(file)) {
      const circle = stack.splice(stack.indexOf(file));
      if (circle.length > 1) found.push(circle.sort());
    }
    return lowest.get(file) as number;
  };
  for (const file of graph.keys()) if (!order.has(file)) explore(file);
  return found;
}

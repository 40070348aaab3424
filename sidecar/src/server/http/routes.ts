/** A path as it is registered: fixed parts, `:name` for one part, `*` for the rest. */
interface Pattern {
  readonly segments: readonly string[];
  readonly methods: Set<string>;
}

/** The routes of a server, to tell a wrong method from a path that is not there. */
export class RouteTable {
  private readonly patterns = new Map<string, Pattern>();

  add(url: string, methods: string | readonly string[]): void {
    const pattern = this.patterns.get(url) ?? { segments: url.split('/'), methods: new Set<string>() };
    for (const method of [methods].flat()) pattern.methods.add(method);
    this.patterns.set(url, pattern);
  }

  /** Methods that the path answers to, sorted; empty for a path that is not there. */
  methodsOf(path: string): string[] {
    const parts = path.split('/');
    return [...new Set([...this.patterns.values()]
      .filter(({ segments }) => fits(segments, parts))
      .flatMap(({ methods }) => [...methods]))].sort();
  }
}

function fits(segments: readonly string[], parts: readonly string[]): boolean {
  const rest = segments.at(-1) === '*' ? segments.length - 1 : undefined;
  if (rest === undefined ? parts.length !== segments.length : parts.length <= rest) return false;
  return segments.slice(0, rest).every((segment, at) => segment.startsWith(':') ? parts[at] !== '' : segment === parts[at]);
}

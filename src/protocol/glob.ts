/**
 * Template selectors of a BrokerPolicy: shell-like globs with the meaning of Go's `path.Match`,
 * https://pkg.go.dev/path#Match, because that is what existing policies were written for.
 *
 * A pattern is cut into chunks, each led by at most one run of stars. Every chunk is tried at
 * the leftmost place only, so the work is bounded by pattern length times name length.
 */

interface Chunk {
  /** Whether any text without `/` may come before the chunk. */
  readonly star: boolean;
  readonly terms: readonly Term[];
}

/** One character of the name. */
type Term = (character: string) => boolean;

/** Whether the glob can be read; an unreadable one matches nothing. */
export function isGlob(glob: string): boolean {
  return glob.trim() !== '' && parse(glob.trim()) !== undefined;
}

/** Whether the glob covers the whole name. White space around the glob is no part of it. */
export function globMatches(glob: string, name: string): boolean {
  const pattern = glob.trim();
  if (pattern === '') return false;
  const chunks = parse(pattern);
  return chunks !== undefined && chunksMatch(chunks, [...name]);
}

/** Whether any of the globs covers the template's name; `*` alone covers every name. */
export function templateMatches(globs: readonly string[], templateName: string): boolean {
  return globs.some((glob) => glob.trim() === '*' || globMatches(glob, templateName));
}

function chunksMatch(chunks: readonly Chunk[], name: readonly string[]): boolean {
  let at = 0;
  for (const [index, chunk] of chunks.entries()) {
    const end = placeOf(chunk, name, at, index === chunks.length - 1);
    if (end === undefined) return false;
    at = end;
  }
  return at === name.length;
}

/** Where the text after the chunk begins; undefined when the chunk fits nowhere. */
function placeOf(chunk: Chunk, name: readonly string[], from: number, isLast: boolean): number | undefined {
  for (let start = from; start <= name.length; start += 1) {
    const end = start + chunk.terms.length;
    const fits = end <= name.length && chunk.terms.every((term, offset) => term(name[start + offset]));
    // The last chunk must reach the end of the name, so an earlier place does not count.
    if (fits && (!isLast || end === name.length)) return end;
    if (!chunk.star || name[start] === '/') return undefined;
  }
  return undefined;
}

function parse(pattern: string): Chunk[] | undefined {
  const rest = [...pattern];
  const chunks: Chunk[] = [];
  while (rest.length > 0) {
    const star = rest[0] === '*';
    while (rest[0] === '*') rest.shift();
    const terms: Term[] = [];
    while (rest.length > 0 && rest[0] !== '*') {
      const term = parseTerm(rest);
      if (term === undefined) return undefined;
      terms.push(term);
    }
    chunks.push({ star, terms });
  }
  return chunks;
}

/** Takes one term off the front of the pattern; undefined when it is malformed. */
function parseTerm(rest: string[]): Term | undefined {
  const first = rest.shift();
  switch (first) {
    case '?':
      return (character) => character !== '/';
    case '[':
      return parseClass(rest);
    case '\\': {
      const literal = rest.shift();
      return literal === undefined ? undefined : (character) => character === literal;
    }
    default:
      return (character) => character === first;
  }
}

/** Takes a character class off the front, its `[` already gone. */
function parseClass(rest: string[]): Term | undefined {
  const negated = rest[0] === '^';
  if (negated) rest.shift();
  const ranges: (readonly [number, number])[] = [];
  while (ranges.length === 0 || rest[0] !== ']') {
    const low = parseBound(rest);
    if (low === undefined) return undefined;
    let high: number | undefined = low;
    if (rest[0] === '-') {
      rest.shift();
      high = parseBound(rest);
      if (high === undefined) return undefined;
    }
    ranges.push([low, high]);
  }
  rest.shift();
  return (character) => {
    const code = codeOf(character);
    return ranges.some(([low, high]) => low <= code && code <= high) !== negated;
  };
}

/** An end of a range; `-` and `]` must be escaped, and the class must be closed after it. */
function parseBound(rest: string[]): number | undefined {
  let bound = rest.shift();
  if (bound === undefined || bound === '-' || bound === ']') return undefined;
  if (bound === '\\') bound = rest.shift();
  return bound === undefined || rest.length === 0 ? undefined : codeOf(bound);
}

function codeOf(character: string): number {
  return character.codePointAt(0)!;
}

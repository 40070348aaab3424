/** What a broker says about the query of a request. */
export interface QueryRules {
  readonly allowedQueryParams?: readonly string[];
  readonly setQueryParams?: Readonly<Record<string, string>>;
}

/** A path with only the parameters that pass, letter for letter, and behind them those that are set. */
export function passedPath(path: string, { allowedQueryParams = [], setQueryParams = {} }: QueryRules): string {
  const { path: bare, query } = splitPath(path);
  const pieces = query.split('&').filter((piece) => piece !== '');
  const kept = pieces.filter((piece) => {
    const name = nameOf(piece);
    return allowedQueryParams.includes(name) && !Object.hasOwn(setQueryParams, name);
  });
  const set = Object.entries(setQueryParams).map((pair) => pair.map(encodeURIComponent).join('='));
  if (set.length === 0 && kept.length === pieces.length) return path;
  const passed = [...kept, ...set].join('&');
  return passed === '' ? bare : `${bare}?${passed}`;
}

export function splitPath(path: string): { readonly path: string; readonly query: string } {
  const mark = path.indexOf('?');
  return mark < 0 ? { path, query: '' } : { path: path.slice(0, mark), query: path.slice(mark + 1) };
}

/** As https://url.spec.whatwg.org/#urlencoded-parsing reads it, and the broker. */
function nameOf(piece: string): string {
  return [...new URLSearchParams(`&${piece}`).keys()][0] ?? '';
}

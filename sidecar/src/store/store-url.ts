/** Where sessions are kept. */
export type StoreTarget = { readonly kind: 'memory' } | ServerTarget;

export interface ServerTarget {
  readonly kind: 'server';
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** Whether the server is one of a cluster; the others are learnt from it. */
  readonly cluster: boolean;
  readonly username?: string;
  readonly password?: string;
  /** Number of the database; a cluster has only 0. */
  readonly database: number;
}

/** https://www.iana.org/assignments/uri-schemes/prov/redis */
const DEFAULT_PORT = 6379;
const MAX_DATABASE = 1023;

const ALLOWED = 'allowed: memory: or redis[s]://[[user]:password@]host[:port][/database][?cluster=true]';

export interface StoreUrlOptions {
  /** Whether the password comes from elsewhere, so that a user may be named without one. */
  readonly hasPasswordFile?: boolean;
}

/** Throws `RangeError` that says what is wrong; the text, which may hold a password, is in no message. */
export function parseStoreUrl(text: string, { hasPasswordFile = false }: StoreUrlOptions = {}): StoreTarget {
  if (text === 'memory:') return { kind: 'memory' };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'redis:' && url.protocol !== 'rediss:') || url.hostname === '') throw refused('is no such URL');
  const { hostname, port, username, password, pathname, hash } = url;
  const cluster = clusterOf(url.searchParams);
  const database = /^\/?$/.test(pathname) ? 0 : Number(/^\/([0-9]{1,4})$/.exec(pathname)?.[1] ?? NaN);
  if (!(database <= MAX_DATABASE)) throw refused(`has a path that is not the number of a database, 0 to ${MAX_DATABASE}`);
  if (hash !== '') throw refused('has a fragment; write # in a password as %23');
  if (cluster && database !== 0) throw refused(`names database ${database}, and a cluster has only 0`);
  if (username !== '' && password === '' && !hasPasswordFile) throw refused('has a user without a password, and there is no file with one');
  return {
    kind: 'server',
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? DEFAULT_PORT : Number(port),
    tls: url.protocol === 'rediss:',
    cluster,
    database,
    ...(username === '' ? {} : { username: decoded(username) }),
    ...(password === '' ? {} : { password: decoded(password) }),
  };
}

function clusterOf(params: URLSearchParams): boolean {
  const names = [...params.keys()];
  const value = params.get('cluster') ?? 'false';
  if (names.some((name) => name !== 'cluster') || names.length > 1 || !['true', 'false'].includes(value)) {
    throw refused('has a query that is not cluster=true or cluster=false');
  }
  return value === 'true';
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused('has a user or password with a % that encodes nothing');
  }
}

function refused(problem: string): RangeError {
  return new RangeError(`${problem}; ${ALLOWED}`);
}

import type { GrantedRepository } from './provider';
import { isFields } from '../../server/text/fields';

/** What a token may do, and where. */
export interface TokenScope {
  /** Empty: every repository of the installation. */
  readonly repositories: readonly Pick<GrantedRepository, 'owner' | 'repo'>[];
  readonly permissions: Readonly<Record<string, Level>>;
}

type Level = 'read' | 'write';

/** Levels in ascending order. https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app */
const LEVELS: readonly unknown[] = ['read', 'write', 'admin'];

/**
 * Code and pull requests. Not `workflows`: a token without it cannot change what runs in the repository's own CI, where
 * other secrets are.
 */
const PERMISSIONS: Readonly<Record<Level, TokenScope['permissions']>> = {
  read: { contents: 'read', metadata: 'read', pull_requests: 'read' },
  write: { contents: 'write', metadata: 'read', pull_requests: 'write' },
};

/**
 * The least token for a request. A token has one level for all its repositories, so one for writing covers only those that
 * may be written, and it is used only when the request names one of them; anything else is read. A caller that does not
 * show the path gets leave to write where that is the level of all repositories.
 */
export function scopeOf(repositories: readonly GrantedRepository[], path: string | undefined): TokenScope {
  const writable = repositories.filter(({ access }) => access === 'write');
  const isWrite = path === undefined ? writable.length === repositories.length : writable.some((granted) => isNamed(granted, path));
  if (writable.length === 0 || !isWrite) return { repositories, permissions: PERMISSIONS.read };
  return { repositories: writable, permissions: PERMISSIONS.write };
}

/** A text that is equal for equal scopes. */
export function scopeKey({ repositories, permissions }: TokenScope): string {
  return JSON.stringify([repositories.map(fullName).sort(), Object.entries(permissions).sort()]);
}

/** Why an answer grants more than was asked for; undefined when it does not. */
export function excess(asked: TokenScope, permissions: unknown, repositories: unknown): string | undefined {
  if (!isFields(permissions)) return 'does not say what the token may do';
  const wider = Object.entries(permissions).find(([name, level]) => !isWithin(asked.permissions[name], level));
  if (wider !== undefined) return 'grants other permissions than were asked for';
  if (asked.repositories.length === 0) return undefined;
  if (!Array.isArray(repositories)) return 'does not say which repositories the token is for';
  // Repositories are asked for by name alone; only the answer says of which owner they are.
  const granted = new Set(asked.repositories.map(fullName));
  const isGranted = (one: unknown): boolean => isFields(one) && typeof one.full_name === 'string' && granted.has(one.full_name.toLowerCase());
  return repositories.every(isGranted) ? undefined : 'is for other repositories than the policy names';
}

function isWithin(asked: Level | undefined, level: unknown): boolean {
  const given = LEVELS.indexOf(level);
  return given !== -1 && asked !== undefined && given <= LEVELS.indexOf(asked);
}

/** Whether a path of git or of the REST API is about the repository: `/o/r.git/...`, `/repos/o/r/...`, `/api/v3/repos/o/r/...`. */
function isNamed({ owner, repo }: GrantedRepository, path: string): boolean {
  const [, first = '', second = ''] = /^(?:(?:\/api\/(?:v3|uploads))?\/repos)?\/([^/?#]+)\/([^/?#]+)/.exec(path) ?? [];
  const wanted = fullName({ owner, repo });
  return [second, second.replace(/\.git$/i, '')].some((name) => `${first}/${name}`.toLowerCase() === wanted);
}

/** GitHub compares names without regard to case. */
function fullName({ owner, repo }: Pick<GrantedRepository, 'owner' | 'repo'>): string {
  return `${owner}/${repo}`.toLowerCase();
}

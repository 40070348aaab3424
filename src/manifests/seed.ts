import type { EnvVar, VolumeMount } from 'kubernetes-types/core/v1';
import { TRUST_MOUNT } from './fence';
import { literal } from './literal';
import type { RestrictedContainer } from './pod';
import { SEED_SCRIPT } from './seed-script';
import type { WorkspaceSpec } from '../protocol/resources';
import { RUN_CONTAINERS, runObjects, WORKSPACE_META } from '../protocol/runs';

export type Seed = NonNullable<WorkspaceSpec['seed']>;
type Repository = Seed['repos'][number];

export interface SeedOptions {
  readonly run: string;
  readonly seed: Seed;
  /** Image with git and sh. */
  readonly image: string;
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  readonly workspace: VolumeMount;
}

/** Where git may write besides the workspace; not the agent's home, which may be anywhere. */
const HOME = '/seed';

/** User name with which code hosts take tokens. */
const TOKEN_USER = 'x-access-token';

/** The init container that clones what a workspace has not got yet, through the egress proxy. It alone has the credentials for it. */
export function seedContainer({ run, seed, image, imagePullPolicy, workspace }: SeedOptions): RestrictedContainer {
  return {
    name: RUN_CONTAINERS.seed,
    image,
    imagePullPolicy: imagePullPolicy ?? (image.includes('@') ? 'IfNotPresent' : 'Always'),
    command: ['sh', '-c', literal(SEED_SCRIPT), RUN_CONTAINERS.seed],
    args: seedArguments(workspace.mountPath, seed).map(literal),
    env: [
      ...seed.repos.flatMap((repository, index) => credentialOf(run, repository, index)),
      { name: 'GIT_TERMINAL_PROMPT', value: '0' },
      // Of what a server may lead to, too.
      { name: 'GIT_ALLOW_PROTOCOL', value: 'https' },
      // Nobody else configures git here, whatever one repository puts beside another.
      { name: 'GIT_CONFIG_GLOBAL', value: '/dev/null' },
      { name: 'HOME', value: HOME },
    ],
    envFrom: [{ secretRef: { name: runObjects(run).egress } }],
    resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '2Gi' } },
    mounts: [workspace, TRUST_MOUNT],
    writable: [{ path: HOME, sizeLimit: '64Mi' }],
  };
}

/** What `SEED_SCRIPT` is told. A repository comes after those in whose folder its own is. */
export function seedArguments(mountPath: string, { repos }: Seed): string[] {
  const places = repos.map((repository, index) => ({ repository, index, path: folderOf(repository) ?? '' }));
  const list = places.map(({ repository: { url, branch }, path }) => ({ url, path, ...(branch === undefined ? {} : { branch }) }));
  const groups = places
    .sort((a, b) => a.path.split('/').length - b.path.split('/').length)
    .map(({ repository, index, path }) => [repository.url, path, repository.branch ?? '', depthOf(repository), ...helperOf(repository, index)]);
  return [mountPath, JSON.stringify(list), ...groups.flat()];
}

/** Nothing where the whole history is wanted. */
function depthOf({ depth = 0 }: Repository): string {
  return depth === 0 ? '' : `${depth}`;
}

/** What cannot be cloned, one text each. `credentials` are those of the run that clones. */
export function seedProblems({ repos }: Seed, credentials: readonly string[]): string[] {
  return repos.flatMap((repository) => {
    const { url, brokerCredentialRef } = repository;
    if (originOf(url) === undefined) return [`seed.repos: the URL must begin with https://, as ssh does not pass the egress proxy, got ${url}`];
    const folder = folderOf(repository);
    const unknown = brokerCredentialRef === undefined || credentials.includes(brokerCredentialRef.key) ? undefined : brokerCredentialRef.key;
    return [
      ...(folder === undefined ? [`seed.repos: ${url} must have a path, as no folder can be named after its end`] : []),
      ...(folder?.split('/')[0] === WORKSPACE_META ? [`seed.repos: the path of ${url} must not be in ${WORKSPACE_META}, which is the platform's, got ${folder}`] : []),
      ...(unknown === undefined ? [] : [`seed.repos: the template of the run must require the credential of ${url}, ${unknown}; it requires ${listed(credentials)}`]),
    ];
  });
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

/** Scheme, host and port, as they stand in the URL; undefined where it is not of https. */
function originOf(url: string): string | undefined {
  return /^https:\/\/[^/]+/.exec(url)?.[0];
}

/** The folder in the workspace; without a path it is named after the repository, as git does. */
function folderOf({ url, path }: Repository): string | undefined {
  if (path !== undefined) return path;
  const name = url.slice(originOf(url)?.length).replace(/\/+$/, '').replace(/\/?[.]git$/, '').split('/').at(-1)!;
  return /^[A-Za-z0-9._-]+$/.test(name) && !/^([.]{1,2}|[.]git)$/i.test(name) ? name : undefined;
}

/**
 * The origin to which git shows the credential, and what tells it: a text with the names of the variables, so that the
 * values are in no argument, no URL and no file. https://git-scm.com/docs/gitcredentials#_custom_helpers
 */
function helperOf(repository: Repository, index: number): [string, string] {
  const { username, password } = variablesOf(index);
  if (!hasCredential(repository)) return ['', ''];
  return [originOf(repository.url) ?? '', `!f() { test "$1" != get || printf 'username=%s\\npassword=%s\\n' "$${username}" "$${password}"; }; f`];
}

function credentialOf(run: string, repository: Repository, index: number): EnvVar[] {
  const { username, password } = variablesOf(index);
  const secretKey = (variable: string, name: string, key: string): EnvVar => ({ name: variable, valueFrom: { secretKeyRef: { name, key } } });
  const { brokerCredentialRef, credentialsSecretRef } = repository;
  if (brokerCredentialRef !== undefined) {
    return [{ name: username, value: TOKEN_USER }, secretKey(password, runObjects(run).credentials, brokerCredentialRef.key)];
  }
  if (credentialsSecretRef === undefined) return [];
  return [secretKey(username, credentialsSecretRef.name, 'username'), secretKey(password, credentialsSecretRef.name, 'password')];
}

function hasCredential({ brokerCredentialRef, credentialsSecretRef }: Repository): boolean {
  return brokerCredentialRef !== undefined || credentialsSecretRef !== undefined;
}

function variablesOf(index: number): { readonly username: string; readonly password: string } {
  return { username: `SEED_USERNAME_${index}`, password: `SEED_PASSWORD_${index}` };
}

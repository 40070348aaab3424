import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the broker finds its things. */
export interface BrokerFolders {
  readonly catalog: string;
  readonly callers: string;
  readonly state: string;
}

/** As many runs as keep each below its limits, which are per run. */
export const RUNS = 2000;

/** Has the form of a ServiceAccount token, which is all that is looked at before it is reviewed. */
export const TOKEN = 'e30.e30.token-of-the-one-caller-of-this-benchmark';
export const CREDENTIAL = 'MODEL_API_KEY';
export const HOST = 'api.model.example';
export const NAMESPACE = 'bench';
const STARTED = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
const POLICIES = 5;
const HOSTS_PER_POLICY = 6;

/** The caller speaks from the pod that all runs have, so one token may act for each of them. */
export const POD_UID = 'a0d5e1c2-0000-4000-8000-000000000001';

export function runName(index: number): string {
  return `run-${index}`;
}

/** What differs from what peers were measured with. */
export interface Variation {
  /** Credentials that the template requires and a policy grants; 1 when not set. */
  readonly credentials?: number;
  /** Number of the first run; 0 when not set. */
  readonly firstRun?: number;
}

/** Name of a credential; the first is the one that all works ask for. */
export function credentialName(index: number): string {
  return index === 0 ? CREDENTIAL : `${CREDENTIAL}_${index}`;
}

/** What peers were measured with: 2,000 runs, one template, 5 policies of 6 hosts, one Secret. */
export function documents({ credentials = 1, firstRun = 0 }: Variation = {}): readonly object[] {
  const names = range(credentials).map(credentialName);
  return [secret(), template(names), ...range(POLICIES).map((index) => policy(index, names)), ...range(RUNS).map((index) => run(firstRun + index))];
}

/** Puts a catalog in place of the one before, at once. */
export function writeCatalog({ catalog }: BrokerFolders, variation?: Variation): void {
  const file = join(catalog, 'documents.yaml');
  // JSON is YAML, and several documents fit one file.
  writeFileSync(`${file}.next`, documents(variation).map((document) => JSON.stringify(document)).join('\n---\n'));
  renameSync(`${file}.next`, file);
}

export function writeDocuments(folder: string, variation?: Variation): BrokerFolders {
  const folders = { catalog: join(folder, 'catalog'), callers: join(folder, 'callers.json'), state: join(folder, 'state') };
  mkdirSync(folders.catalog, { recursive: true });
  mkdirSync(folders.state, { mode: 0o700 });
  writeCatalog(folders, variation);
  const caller = { namespace: NAMESPACE, serviceAccount: 'bench', podUid: POD_UID };
  writeFileSync(folders.callers, JSON.stringify({ [TOKEN]: caller }), { mode: 0o600 });
  return folders;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function secret(): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'model-key', namespace: NAMESPACE }, stringData: { token: 'an-example-key' } };
}

function custom(kind: string, name: string, rest: object): object {
  return { apiVersion: 'paddock.dev/v1alpha1', kind, metadata: { name, namespace: NAMESPACE }, ...rest };
}

function template(credentials: readonly string[]): object {
  return custom('HarnessTemplate', 'agent', {
    spec: {
      image: `registry.example.com/agent@sha256:${'0'.repeat(64)}`,
      command: ['/bin/agent'],
      requires: { credentials: credentials.map((name) => ({ name })), egress: [{ host: HOST, ports: [443] }] },
    },
  });
}

/** All policies match the template; the last one grants what is asked for. A policy grants 24 credentials at most, so they share more. */
function policy(index: number, credentials: readonly string[]): object {
  const granted = credentials.filter((_, at) => at % POLICIES === POLICIES - 1 - index).map((name) => ({
    name,
    provider: {
      kind: 'UserSuppliedSecret',
      secretRef: { name: 'model-key', key: 'token' },
      deliveryMode: { proxyInjected: { hosts: [HOST], header: { name: 'x-api-key' } } },
    },
  }));
  const first = granted.length > 0 ? HOST : `host-0.policy-${index}.example`;
  const hosts = [first, ...range(HOSTS_PER_POLICY).slice(1).map((host) => `host-${host}.policy-${index}.example`)];
  const egress = hosts.map((host) => ({ host, ports: [443] }));
  return custom('BrokerPolicy', `policy-${index}`, { spec: { appliesToTemplates: ['*'], grants: { egress, ...(granted.length > 0 && { credentials: granted }) } } });
}

/** As the operator writes it: a run that runs has a start, from which its deadline is worked out. */
function run(index: number): object {
  return custom('HarnessRun', runName(index), {
    spec: { templateRef: { name: 'agent' }, prompt: 'measure' },
    status: { phase: 'Running', podUID: POD_UID, startTime: STARTED },
  });
}

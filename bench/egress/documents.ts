import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BrokerFolders, NAMESPACE, runName } from '../broker/documents';

/** One run may begin fewer requests in a second than are measured, so there are several. */
export const RUNS = 10;

/** What upstreams there are: one that is lent a credential, one that answers a few bytes, one that sends without end, one without TLS. */
export const HOSTS = { api: 'api.model.example', short: 'short.example', endless: 'endless.example', plain: 'plain.example' } as const;

export const CREDENTIAL = 'MODEL_API_KEY';

/** What takes the place of the bearer. */
export const REAL_KEY = 'an-example-key-of-some-length-0123456789';

/** What the broker knows its callers by. */
export const TOKENS = { run: 'token-of-the-runs-of-this-benchmark', operator: 'token-of-the-operator-of-this-benchmark', egress: 'token-of-the-proxy-of-this-benchmark' };

/** Where clients connect from. One address may have no more than 512 connections. */
export const CLIENT_ADDRESSES = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'] as const;

const POD_UID = 'a0d5e1c2-0000-4000-8000-000000000001';

/** Writes what the broker is to know. */
export function writeFolders(folder: string): BrokerFolders {
  const folders = { catalog: join(folder, 'catalog'), callers: join(folder, 'callers.json'), state: join(folder, 'state') };
  mkdirSync(folders.catalog, { recursive: true });
  mkdirSync(folders.state, { mode: 0o700 });
  writeFileSync(join(folders.catalog, 'documents.yaml'), documents().map((document) => JSON.stringify(document)).join('\n---\n'));
  writeFileSync(folders.callers, JSON.stringify(callers()), { mode: 0o600 });
  return folders;
}

function callers(): object {
  return {
    [TOKENS.run]: { namespace: NAMESPACE, serviceAccount: 'bench', podUid: POD_UID },
    [TOKENS.operator]: { namespace: 'agent-platform', serviceAccount: 'operator', capabilities: ['issue-egress'] },
    [TOKENS.egress]: { namespace: 'agent-platform', serviceAccount: 'egress', capabilities: ['validate-egress', 'substitute-auth'] },
  };
}

function documents(): readonly object[] {
  const { api, short, endless, plain } = HOSTS;
  const egress = [...[api, short, endless].map((host) => ({ host, ports: [443] })), { host: plain, ports: [80] }];
  const credential = {
    name: CREDENTIAL,
    provider: { kind: 'UserSuppliedSecret', secretRef: { name: 'model-key', key: 'token' }, deliveryMode: { proxyInjected: { hosts: [api], header: { name: 'x-api-key' } } } },
  };
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'model-key', namespace: NAMESPACE }, stringData: { token: REAL_KEY } },
    custom('HarnessTemplate', 'agent', {
      spec: { image: `registry.example.com/agent@sha256:${'0'.repeat(64)}`, command: ['/bin/agent'], requires: { credentials: [{ name: CREDENTIAL }], egress } },
    }),
    custom('BrokerPolicy', 'policy', { spec: { appliesToTemplates: ['*'], grants: { egress, credentials: [credential] } } }),
    ...Array.from({ length: RUNS }, (_, index) => custom('HarnessRun', runName(index), {
      spec: { templateRef: { name: 'agent' }, prompt: 'measure' },
      status: { phase: 'Running', podUID: POD_UID, podIPs: CLIENT_ADDRESSES, startTime: new Date().toISOString().replace(/\.\d+Z$/, 'Z') },
    })),
  ];
}

function custom(kind: string, name: string, rest: object): object {
  return { apiVersion: 'paddock.dev/v1alpha1', kind, metadata: { name, namespace: NAMESPACE }, ...rest };
}

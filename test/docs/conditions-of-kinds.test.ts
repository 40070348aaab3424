import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codes, tableRows } from './tables';
import type { Condition } from '../../sidecar/src/operator/conditions';
import type { Claim, Workspace } from '../../sidecar/src/operator/objects/workspace';
import { reconcileClusterTemplate } from '../../sidecar/src/operator/readiness/cluster-template';
import { reconcilePolicy } from '../../sidecar/src/operator/readiness/policy';
import { reconcileTemplate } from '../../sidecar/src/operator/readiness/template';
import { terminatingStatus, workspaceStatus } from '../../sidecar/src/operator/workspaces/status';
import type { Volume } from '../../sidecar/src/operator/workspaces/volume';
import { COMPLETE, Definitions, NAMESPACE, NOW } from '../sidecar/operator/readiness/world';

const FOLDERS = ['sidecar/src/operator/readiness', 'sidecar/src/operator/workspaces'];
const SOURCE = FOLDERS.flatMap((folder) => readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))).join('\n');

const written = tableRows('docs/reference/runs.md', '## Conditions of other kinds', 'kind')
  .flatMap(([kind, condition, reasons, status]) => codes(reasons).map((reason) => [...codes(kind), ...codes(condition), reason, status].join(' ')));

const textsOf = (kind: string, conditions: readonly Pick<Condition, 'type' | 'reason' | 'status'>[] = []) =>
  conditions.map(({ type, reason, status }) => [kind, type, reason, status].join(' '));

/** What is said of templates and policies in every state that they can be in. */
async function definitions(): Promise<string[]> {
  const all = new Definitions();
  const window = (days: number) => ({ egressDiscovery: { accepted: true, reason: 'we look at what the new tool wants', expiresAt: new Date(NOW + days * 86_400_000).toISOString() } });
  all.add('HarnessTemplate', 'ready', COMPLETE);
  all.add('HarnessTemplate', 'lonely', { baseTemplateRef: { name: 'none' } });
  all.add('HarnessTemplate', 'lacking', {});
  all.add('ClusterHarnessTemplate', 'ready', COMPLETE);
  all.add('ClusterHarnessTemplate', 'lacking', {});
  all.add('BrokerPolicy', 'used', { appliesToTemplates: ['ready'], grants: {} });
  all.add('BrokerPolicy', 'open', { appliesToTemplates: ['other'], grants: {}, ...window(1) });
  all.add('BrokerPolicy', 'over', { appliesToTemplates: ['other'], grants: {}, ...window(-1) });
  all.add('BrokerPolicy', 'ahead', { appliesToTemplates: ['other'], grants: {}, ...window(30) });
  for (const name of ['ready', 'lonely', 'lacking']) await reconcileTemplate(all.deps(), NAMESPACE, name);
  for (const name of ['ready', 'lacking']) await reconcileClusterTemplate(all.deps(), name);
  for (const name of ['used', 'open', 'over', 'ahead']) await reconcilePolicy(all.deps(), NAMESPACE, name);
  return all.writes.flatMap(({ object }) => textsOf(String(object.kind), (object.status as { conditions: Condition[] }).conditions));
}

/** Likewise of Workspaces. What is said of cloning is an input here; `workspaces/seeding.test.ts` has all of it. */
function workspaces(): string[] {
  const workspace = { namespace: 'team', name: 'shop', uid: 'u', generation: 1, spec: { storage: { size: '1Gi' } }, status: {} } as unknown as Workspace;
  const claim = (more: Partial<Claim> = {}): Volume => ({ kind: 'claim', claim: { name: 'ws-shop', owners: [], phase: 'Bound', ...more } as unknown as Claim });
  const none = (['Refused', 'QuotaExceeded', 'NameTaken'] as const).map((reason): Volume => ({ kind: 'none', reason, message: 'm' }));
  const volumes = [claim(), claim({ phase: 'Pending' }), claim({ phase: 'Lost' }), claim({ deletedAt: 1 }), { kind: 'lost' } as const, ...none];
  const seeds = [...SOURCE.matchAll(/status: '(True|False)', reason: '((?:No)?Seed\w+)'/g)].map(([, status, reason]) => ({ status, reason, message: 'm' }) as Condition);
  const statuses = volumes.flatMap((volume) => seeds.map((seeded) => workspaceStatus({ workspace, volume, seeded, now: NOW })));
  return [...statuses, terminatingStatus(workspace, NOW)].flatMap(({ conditions }) => textsOf('Workspace', conditions));
}

test('the page lists every condition of Workspaces, templates and policies with its reasons, and no other', async () => {
  expect([...written].sort()).toEqual([...new Set([...workspaces(), ...await definitions()])].sort());
});

test('no reason that the operator can give is left out', () => {
  const given = [...SOURCE.matchAll(/\breason: '(\w+)'|\b(?:yes|no)\('(\w+)'/g)].map(([, told, discovery]) => told ?? discovery);
  const reasons = written.map((text) => text.split(' ')[2]);
  expect([...new Set(given)].filter((reason) => !reasons.includes(reason))).toEqual([]);
  expect(new Set(given).size).toBeGreaterThan(15);
});

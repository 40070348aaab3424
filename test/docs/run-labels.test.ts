import { codes, tableRows } from './tables';
import { agentPod } from '../../src/manifests/agent-pod';
import { runNetworkPolicy } from '../../src/manifests/run-network-policy';
import { credentialsSecret, ephemeralWorkspace, promptSecret, sharedVolumeClaim, workspaceVolumeClaim } from '../../src/manifests/run-objects';

const OWNER = { platform: 'agents', namespace: 'team', name: 'fix', uid: 'u' };

const pod = agentPod({
  owner: OWNER,
  run: { spec: { templateRef: { name: 'coder' } }, hasInlinePrompt: true },
  attempt: 1,
  template: { identity: { name: 'coder', kind: 'HarnessTemplate' }, spec: { image: 'i', command: ['c'], harness: 'claude-code' } },
  workspace: { kind: 'claim', name: 'shop' },
  sidecar: { image: 's', pinned: true },
  seedImage: 'g',
});

const objects = [
  credentialsSecret(OWNER, {}),
  promptSecret(OWNER, 'p'),
  runNetworkPolicy({ platform: 'agents', namespace: 'team', run: 'fix', uid: 'u' }),
  ephemeralWorkspace(OWNER, { size: '1Gi' }),
];
const claims = [
  workspaceVolumeClaim({ platform: 'agents', namespace: 'team', workspace: { name: 'shop', uid: 'w' } }, { size: '1Gi' }),
  sharedVolumeClaim({ platform: 'agents', namespace: 'team' }, { name: 'cache' }),
];
const labelsOf = ({ metadata: { labels = {} } }: { readonly metadata: { readonly labels?: object } }) => Object.keys(labels);

const rows = tableRows('docs/reference/runs.md', '## Labels', 'label').map(([label, on, value]) => ({ label: codes(label)[0], on, value }));
const rowsOn = (pattern: RegExp) => rows.filter(({ on }) => pattern.test(on)).map(({ label }) => label).sort();

test('the page lists every label of the pod of a run, and no other', () => {
  expect(rowsOn(/^all$|pods/)).toEqual(labelsOf(pod).sort());
});

test('the page says which labels all objects of a run have, and which have its name', () => {
  const common = labelsOf(pod).filter((label) => [...objects, ...claims].every((object) => labelsOf(object).includes(label)));
  expect(rowsOn(/^all$/)).toEqual(common.sort());
  for (const object of objects) expect(labelsOf(object).sort()).toEqual([...common, ...rowsOn(/Secrets/)].sort());
  expect(labelsOf(claims[0]).sort()).toEqual([...common, ...rowsOn(/claims/)].sort());
});

test('the values that the page states are those of the pod', () => {
  const stated = rows.filter(({ value }) => /^`[^`]+`$/.test(value));
  expect(stated.map(({ label, value }) => [label, codes(value)[0]])).toEqual(stated.map(({ label }) => [label, pod.metadata.labels![label]]));
  expect(stated.length).toBeGreaterThan(3);
});

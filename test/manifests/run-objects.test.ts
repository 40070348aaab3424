import { OWNER } from './agent-pod-options';
import { credentialsSecret, egressSecret, ephemeralWorkspace, promptSecret, sharedVolumeClaim, workspaceVolumeClaim } from '../../src/manifests/run-objects';
import { problemsWith } from '../../src/protocol/resources';

const OWNER_REFERENCE = { apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', name: 'fix-42', uid: 'uid-1', controller: true };
const WORKSPACE = { platform: 'p', namespace: 'team-a', workspace: { name: 'w', uid: 'uid-w' } };

const decoded = ({ data }: { readonly [field: string]: unknown }) => (
  Object.fromEntries(Object.entries(data as Record<string, string>).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')])));

test.each([
  ['fix-42-broker-creds', credentialsSecret(OWNER, { B: 'é', A: '' })],
  ['fix-42-egress', egressSecret(OWNER, { HTTPS_PROXY: 'http://a' })],
  ['fix-42-prompt', promptSecret(OWNER, 'Do it.')],
  ['fix-42-ws', ephemeralWorkspace(OWNER, { size: '1Gi' })],
])('%s goes with its run, by which it is found', (name, { metadata }) => {
  expect(metadata).toMatchObject({ name, namespace: 'team-a', labels: { 'paddock.dev/run': 'fix-42', 'cdk8s-agent-platform/platform': 'p' }, ownerReferences: [OWNER_REFERENCE] });
  expect(metadata.ownerReferences).toEqual([OWNER_REFERENCE]);
  expect(metadata).not.toHaveProperty('annotations');
});

describe('a Secret', () => {
  test('has each value under its key, in bytes of UTF-8', () => {
    expect(decoded(credentialsSecret(OWNER, { B: 'é\n', A: '' }))).toEqual({ A: '', B: 'é\n' });
    expect(decoded(promptSecret(OWNER, 'Do it: 日本'))).toEqual({ 'prompt.txt': 'Do it: 日本' });
  });

  test('is the same whatever the order of its keys', () => {
    expect(JSON.stringify(egressSecret(OWNER, { A: '1', B: '2' }))).toBe(JSON.stringify(egressSecret(OWNER, { B: '2', A: '1' })));
  });

  test('has nothing outside of its data, and data even when it is empty', () => {
    expect(Object.keys(credentialsSecret(OWNER, { A: 'secret' }))).toEqual(['apiVersion', 'kind', 'metadata', 'type', 'data']);
    expect(JSON.stringify(credentialsSecret(OWNER, { A: 'a-secret' }))).not.toContain('a-secret');
    expect(credentialsSecret(OWNER, {})).toMatchObject({ type: 'Opaque', data: {} });
  });
});

describe('the Workspace of a run', () => {
  test('is for one pod at a time, goes with it, and passes its schema', () => {
    const workspace = ephemeralWorkspace(OWNER, { size: '1Gi', storageClass: 'fast' });
    expect(workspace.spec).toEqual({ storage: { size: '1Gi', storageClass: 'fast', accessMode: 'ReadWriteOnce' }, ephemeral: true });
    expect(problemsWith('Workspace', workspace)).toEqual([]);
  });

  test('says nothing of a StorageClass that was not chosen', () => {
    expect(ephemeralWorkspace(OWNER, { size: 1 }).spec).toEqual({ storage: { size: 1, accessMode: 'ReadWriteOnce' }, ephemeral: true });
  });

  test('is not what the caller adds to its storage', () => {
    expect(JSON.stringify(ephemeralWorkspace(OWNER, { size: 1, accessMode: 'ReadWriteMany' } as { size: number }))).not.toContain('ReadWriteMany');
  });
});

describe('the volume', () => {
  test('of a Workspace goes with it, not with a run', () => {
    expect(workspaceVolumeClaim(WORKSPACE, { size: 1024 })).toEqual({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        name: 'ws-w',
        namespace: 'team-a',
        labels: expect.objectContaining({ 'paddock.dev/workspace': 'w' }),
        ownerReferences: [{ apiVersion: 'paddock.dev/v1alpha1', kind: 'Workspace', name: 'w', uid: 'uid-w', controller: true }],
      },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1024' } } },
    });
  });

  test('of a Workspace is as that says', () => {
    expect(workspaceVolumeClaim(WORKSPACE, { size: '5Gi', storageClass: 'nfs', accessMode: 'ReadWriteMany' }).spec).toEqual({
      accessModes: ['ReadWriteMany'], storageClassName: 'nfs', resources: { requests: { storage: '5Gi' } },
    });
  });

  test('of a shared directory is for many, has a size in any case, and belongs to nobody', () => {
    const claim = sharedVolumeClaim({ platform: 'p', namespace: 'team-a' }, { name: 'cache' });
    expect(claim).toMatchObject({ metadata: { name: 'shared-cache' }, spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '10Gi' } } } });
    expect(claim.metadata).not.toHaveProperty('ownerReferences');
    expect(claim.spec).not.toHaveProperty('storageClassName');
    expect(sharedVolumeClaim({ platform: 'p', namespace: 'n' }, { name: 'a', size: 5, storageClass: 'nfs' }).spec).toMatchObject({ storageClassName: 'nfs', resources: { requests: { storage: '5' } } });
  });

  test('of a shared directory is not taken for garbage, as nobody has it in a repository', () => {
    expect(sharedVolumeClaim({ platform: 'p', namespace: 'team-a' }, { name: 'cache' }).metadata.annotations).toEqual({
      'argocd.argoproj.io/sync-options': 'Prune=false', 'kustomize.toolkit.fluxcd.io/prune': 'disabled',
    });
  });
});

import { COMPLETE, Definitions, NAMESPACE } from './world';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';
import { reconcileClusterTemplate } from '../../../../sidecar/src/operator/readiness/cluster-template';
import { reconcileTemplate } from '../../../../sidecar/src/operator/readiness/template';

let all: Definitions;

beforeEach(() => {
  all = new Definitions();
});

const template = (name: string) => reconcileTemplate(all.deps(), NAMESPACE, name);

test('a template that says everything is ready, and told so once', async () => {
  all.add('HarnessTemplate', 'coder', COMPLETE);
  expect(await template('coder')).toBeUndefined();
  await template('coder');
  expect(all.said('HarnessTemplate', 'coder')).toBe('True Ready: runs can be made of it');
  expect(all.writes.map(({ resource }) => `${resource.namespace}/${resource.plural}`)).toEqual(['team/harnesstemplates']);
});

test('what is told is of the generation that was looked at', async () => {
  all.add('HarnessTemplate', 'coder', COMPLETE);
  await template('coder');
  all.add('HarnessTemplate', 'coder', { ...COMPLETE, args: ['-v'] }, { generation: 2 });
  await template('coder');
  expect(all.writes.map(({ object }) => (object.status as { observedGeneration: number }).observedGeneration)).toEqual([1, 2]);
});

test('a template whose base is not there says which, until it is', async () => {
  all.add('HarnessTemplate', 'ours', { baseTemplateRef: { name: 'base' } });
  await template('ours');
  expect(all.said('HarnessTemplate', 'ours')).toMatch(/^False BaseNotFound: there is no ClusterHarnessTemplate 'base'/);
  all.add('ClusterHarnessTemplate', 'base', COMPLETE);
  await template('ours');
  expect(all.said('HarnessTemplate', 'ours')).toMatch(/^True Ready/);
});

test('a template of the namespace is no base', async () => {
  all.add('HarnessTemplate', 'ours', { baseTemplateRef: { name: 'base' } });
  all.add('HarnessTemplate', 'base', COMPLETE);
  await template('ours');
  expect(all.said('HarnessTemplate', 'ours')).toMatch(/^False BaseNotFound/);
});

test.each([
  ['command', { image: 'i' }],
  ['image', { command: ['c'] }],
  ['image and command', {}],
])('a base without %s makes no template whole', async (lacking, spec) => {
  all.add('ClusterHarnessTemplate', 'base', spec);
  all.add('HarnessTemplate', 'ours', { baseTemplateRef: { name: 'base' } });
  await template('ours');
  await reconcileClusterTemplate(all.deps(), 'base');
  const expected = `False TemplateInvalid: it must have ${lacking}, also by its base`;
  expect([all.said('HarnessTemplate', 'ours'), all.said('ClusterHarnessTemplate', 'base')]).toEqual([expected, expected]);
});

test('volumes that would hide each other are told of', async () => {
  all.add('HarnessTemplate', 'coder', { ...COMPLETE, workspace: { mountPath: '/tmp/work' } });
  await template('coder');
  expect(all.said('HarnessTemplate', 'coder')).toMatch(/^False TemplateInvalid: .*\/tmp\/work/);
});

test('a template that hides one of the cluster says what that means for policies', async () => {
  all.add('HarnessTemplate', 'coder', COMPLETE);
  all.add('ClusterHarnessTemplate', 'coder', COMPLETE);
  await template('coder');
  await reconcileClusterTemplate(all.deps(), 'coder');
  expect(all.said('HarnessTemplate', 'coder')).toMatch(/^True Ready: it hides the ClusterHarnessTemplate/);
  expect(all.said('ClusterHarnessTemplate', 'coder')).toBe('True Ready: runs can be made of it');
  expect(all.writes[1].resource).not.toHaveProperty('namespace');
});

test('conditions of others are left to them', async () => {
  all.add('HarnessTemplate', 'coder', COMPLETE);
  all.sayOther('HarnessTemplate', 'coder', { conditions: [{ type: 'Theirs', status: 'True', lastTransitionTime: '2030-01-01T00:00:00Z', reason: 'So', message: '' }] });
  await template('coder');
  expect((all.writes[0].object.status as { conditions: { type: string }[] }).conditions.map(({ type }) => type)).toEqual(['Ready']);
});

test('nothing is written of a template that is gone or going', async () => {
  all.add('HarnessTemplate', 'going', COMPLETE, { deletionTimestamp: '2030-01-01T00:00:00Z' });
  await template('going');
  await template('gone');
  await reconcileClusterTemplate(all.deps(), 'gone');
  expect(all.writes).toEqual([]);
});

test.each(['NotFound', 'Conflict'] as const)('a template that went meanwhile is nobody\'s business (%s)', async (code) => {
  all.add('HarnessTemplate', 'coder', COMPLETE);
  all.refusal = new KubeError(code, 'no');
  await expect(template('coder')).resolves.toBeUndefined();
});

test('an API server that does not answer is asked again', async () => {
  all.add('HarnessTemplate', 'coder', COMPLETE);
  all.refusal = new KubeError('Unavailable', 'no answer');
  await expect(template('coder')).rejects.toThrow('no answer');
});

import type { KubeObject, Resource } from '../../../../sidecar/src/kube/client';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';
import { withAnswers } from '../../../../sidecar/src/operator/cache/answers';
import type { OperatorDeps } from '../../../../sidecar/src/operator/operator-deps';

const PODS: Resource = { group: '', version: 'v1', plural: 'pods', namespace: 'team-a' };

function recorded(answer: () => Promise<KubeObject>) {
  const seen: string[] = [];
  const call = (verb: string) => () => {
    seen.push(verb);
    return answer();
  };
  const client = { get: call('get'), apply: call('apply'), create: call('create'), replace: call('replace'), list: call('list'), delete: call('delete') };
  const wrapped = withAnswers(client as unknown as OperatorDeps['client'], ({ plural }, name) => {
    if (plural !== 'pods') return undefined;
    seen.push(`begin ${name}`);
    return { ended: (object) => void seen.push(`end ${object?.metadata.resourceVersion}`) };
  });
  return { seen, wrapped };
}

const OBJECT: KubeObject = { metadata: { name: 'p', resourceVersion: '7' } };

test('each write begins before its request and ends with its answer', async () => {
  const { seen, wrapped } = recorded(() => Promise.resolve(OBJECT));
  expect(await wrapped.apply(PODS, OBJECT, { fieldManager: 'm' })).toBe(OBJECT);
  expect(await wrapped.create(PODS, OBJECT)).toBe(OBJECT);
  expect(await wrapped.replace(PODS, { metadata: { name: 'p' } })).toBe(OBJECT);
  expect(seen).toEqual(['begin p', 'apply', 'end 7', 'begin p', 'create', 'end 7', 'begin p', 'replace', 'end 7']);
});

test('a write that fails has no answer, and its failure is passed on', async () => {
  const failure = new KubeError('Conflict', 'no');
  const { seen, wrapped } = recorded(() => Promise.reject(failure));
  await expect(wrapped.create(PODS, OBJECT)).rejects.toBe(failure);
  expect(seen).toEqual(['begin p', 'create', 'end undefined']);
});

test('what only reads or deletes, and what is not followed, is passed on as it is', async () => {
  const { seen, wrapped } = recorded(() => Promise.resolve(OBJECT));
  await wrapped.get(PODS, 'p');
  await wrapped.list(PODS, { limit: 1 });
  await wrapped.delete(PODS, 'p', { uid: 'u' });
  await wrapped.apply({ ...PODS, plural: 'secrets' }, OBJECT, { fieldManager: 'm' });
  expect(seen).toEqual(['get', 'list', 'delete', 'apply']);
});

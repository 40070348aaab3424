import { KubeError } from '../../../sidecar/src/kube/kube-error';
import { Definitions } from '../../../sidecar/src/operator/definitions';

const HEAD = 'failed to create typed patch object (team-a/r; paddock.dev/v1alpha1, Kind=HarnessRun): ';

function refusal(statusMessage: string): KubeError {
  return new KubeError('Unavailable', 'PATCH: 500', { statusMessage });
}

function definitions() {
  const time = { now: 0 };
  return { time, seen: new Definitions(() => time.now) };
}

test.each([
  ['a field', '.status.attempt: field not declared in schema', '.status.attempt'],
  ['the first of several', 'errors:\n  .status.attempt: field not declared in schema\n  .status.podUID: field not declared in schema', '.status.attempt'],
  ['a field of an item', '.status.outputs[0].name: field not declared in schema', '.status.outputs[0].name'],
  ['a field of an entry, without the key of that', '.status.issuedLeases[leaseID="planted"].bound.at: field not declared in schema', '.bound.at'],
])('a definition that lacks %s is known by the refusal of a write', (_, text, field) => {
  const { seen } = definitions();
  expect(seen.problem()).toBeUndefined();
  expect(seen.lack(refusal(HEAD + text))).toBe(field);
  expect(seen.problem()).toBe(`the definitions in the cluster are of another version: they lack ${field}; apply those of this version`);
});

test.each<[string, unknown]>([
  ['without a message', new KubeError('Unavailable', 'PATCH: 500')],
  ['for another reason', refusal(`${HEAD}.status.attempt: expected numeric (int or float), got string`)],
  ['that did not come from the API server', new Error('.status.attempt: field not declared in schema')],
])('a failure %s says nothing of the definitions', (_, error) => {
  const { seen } = definitions();
  expect([seen.lack(error), seen.problem()]).toEqual([undefined, undefined]);
});

test('what was refused counts until the write would have been tried again', () => {
  const { seen, time } = definitions();
  seen.lack(refusal(`${HEAD}.status.attempt: field not declared in schema`));
  time.now = 120_000;
  expect(seen.problem()).toBeDefined();
  time.now += 1;
  expect(seen.problem()).toBeUndefined();
});

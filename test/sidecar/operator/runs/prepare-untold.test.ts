import { RunWorld, TEMPLATE } from './run-world';

const image = (digit: string) => `registry.example.com/coder@sha256:${digit.repeat(64)}`;

test('a pod of which nothing tells yet keeps the Secrets that it was made with, whatever its template is by now', async () => {
  const world = new RunWorld();
  world.templates.coder = { ...TEMPLATE, image: image('a') };
  world.api.before = (call) => { if (call === 'status' && world.api.get('pods', 'r1-0') !== undefined) throw new Error('the API server did not answer'); };
  await world.reconcile().catch(() => undefined);
  expect(world.status.podUID).toBeUndefined();
  const before = JSON.stringify(world.api.get('secrets', 'r1-broker-creds'));
  world.api.before = () => undefined;
  world.api.hidden.add('pods/r1-0');
  world.templates.coder = { ...TEMPLATE, image: image('b') };
  world.broker.more = () => ({ value: 'for the other image' });
  await world.reconcile();
  expect(JSON.stringify(world.api.get('secrets', 'r1-broker-creds'))).toBe(before);
  expect(world.status.template).toMatchObject({ imageDigest: `sha256:${'a'.repeat(64)}` });
});

test('what the pod will be made of is written before anybody asks for its credentials', async () => {
  const world = new RunWorld();
  world.templates.coder = { ...TEMPLATE, image: image('a') };
  const seen: unknown[] = [];
  world.broker.before = () => { seen.push(world.status.template); };
  await world.reconcile();
  expect(seen.length).toBeGreaterThan(0);
  expect(seen).toEqual(seen.map(() => ({ kind: 'HarnessTemplate', name: 'coder', imageDigest: `sha256:${'a'.repeat(64)}` })));
});

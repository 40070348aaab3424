import { answered } from './leases/lease-world';
import { RunWorld, TEMPLATE } from './run-world';
import { ANNOTATIONS } from '../../../../src/protocol/names';

const image = (digit: string) => `registry.example.com/coder@sha256:${digit.repeat(64)}`;
const pinnedTo = (digit: string) => ({ kind: 'HarnessTemplate', name: 'coder', imageDigest: `sha256:${digit.repeat(64)}` });

const madeOf = (world: RunWorld) => {
  const { metadata, spec } = world.api.get('pods', 'r1-0');
  return { image: spec.containers.find(({ name }: { name: string }) => name === 'agent').image, template: JSON.parse(metadata.annotations[ANNOTATIONS.template]) };
};

test('the broker is told the template of which the pod is made', async () => {
  const world = new RunWorld();
  world.templates.coder = { ...TEMPLATE, image: image('a') };
  await world.settle();
  expect(madeOf(world)).toEqual({ image: image('a'), template: pinnedTo('a') });
  expect([...world.broker.templates.values()]).toEqual([pinnedTo('a'), pinnedTo('a')]);
});

test('a template that is changed while the broker is asked makes a pod of what the broker was told', async () => {
  const world = new RunWorld();
  world.templates.coder = { ...TEMPLATE, image: image('a') };
  world.broker.before = () => { world.templates.coder = { ...TEMPLATE, image: image('b') }; };
  await world.reconcile();
  expect(madeOf(world)).toEqual({ image: image('a'), template: pinnedTo('a') });
  expect([...world.broker.templates.values()]).toEqual([pinnedTo('a'), pinnedTo('a')]);
});

test('there is no pod as long as the broker sees another template', async () => {
  const world = new RunWorld();
  world.broker.before = (call) => { if (call === 'issue') throw answered('CredentialNotFound'); };
  expect(await world.reconcile()).toBe(1000);
  expect([world.api.get('pods', 'r1-0'), world.api.get('secrets', 'r1-broker-creds')]).toEqual([undefined, undefined]);
  expect(world.completed).toBe('False BrokerUnavailable');
});

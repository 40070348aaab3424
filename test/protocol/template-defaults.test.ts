import { problemsWith } from '../../src/protocol/resources';
import { DEFAULTS } from '../../src/protocol/resources/defaults';
import { gracePeriodSeconds, interactiveTimeouts, resolveTemplate, timeoutMilliseconds } from '../../src/protocol/resources/template-defaults';
import { POD_DEFAULTS } from '../../src/protocol/resources/template-pod';

const base = {
  image: 'agent',
  command: ['/agent'],
  defaults: { model: 'large', timeout: '2h', resources: { limits: { cpu: 1 } }, terminationGracePeriodSeconds: 10 },
  requires: { credentials: [{ name: 'B' }, { name: 'C' }], egress: [{ host: 'b.example.com' }] },
  workspace: { mountPath: '/src' },
  interactive: { mode: 'persistent-process', idleTimeout: '10m' },
} as const;

const run = { templateRef: { name: 'x' }, prompt: 'p' };
const MINUTE = 60_000;

describe('a template with a base', () => {
  test('has what the base says', () => {
    expect(resolveTemplate({ baseTemplateRef: { name: 'b' } }, base)).toEqual(base);
  });

  test('overrides only the defaults that it sets', () => {
    const { defaults } = resolveTemplate({ defaults: { model: 'small' } }, base);
    expect(defaults).toEqual({ ...base.defaults, model: 'small' });
  });

  test('replaces resources as a whole', () => {
    expect(resolveTemplate({ defaults: { resources: { requests: { memory: '1Gi' } } } }, base).defaults?.resources).toEqual({ requests: { memory: '1Gi' } });
  });

  test('does not override by a member that is undefined', () => {
    const resolved = resolveTemplate({ image: undefined, defaults: { timeout: undefined }, interactive: { idleTimeout: undefined } }, base);
    expect([resolved.image, resolved.defaults?.timeout, resolved.interactive?.idleTimeout]).toEqual(['agent', '2h', '10m']);
  });

  test('overrides the interactive limits that it sets', () => {
    expect(resolveTemplate({ interactive: { maxLifetime: '1h' } }, base).interactive).toEqual({ ...base.interactive, maxLifetime: '1h' });
  });

  test('overrides what it says of its pods member by member, each as a whole', () => {
    const parent = { ...base, pod: { runAsUser: 2000, nodeSelector: { a: '1', b: '2' }, sharedDirectories: [{ name: 'x' }] } };
    expect(resolveTemplate({ pod: { nodeSelector: { c: '3' } } }, parent).pod).toEqual({ ...parent.pod, nodeSelector: { c: '3' } });
    expect(resolveTemplate({ pod: { runAsUser: undefined } }, parent).pod).toEqual(parent.pod);
    expect(resolveTemplate({}, base)).not.toHaveProperty('pod');
  });

  test('joins credentials by name, sorted', () => {
    expect(resolveTemplate({ requires: { credentials: [{ name: 'C' }, { name: 'A' }] } }, base).requires?.credentials).toEqual([{ name: 'A' }, { name: 'B' }, { name: 'C' }]);
  });

  test('appends what it must reach', () => {
    expect(resolveTemplate({ requires: { egress: [{ host: 'a.example.com', ports: [443] }] } }, base).requires?.egress).toEqual([{ host: 'b.example.com' }, { host: 'a.example.com', ports: [443] }]);
  });

  test('leaves base and child as they were', () => {
    const child = Object.freeze({ requires: Object.freeze({ credentials: Object.freeze([Object.freeze({ name: 'A' })]) }) });
    const before = JSON.stringify(base);
    resolveTemplate(child, base);
    expect(JSON.stringify(base)).toBe(before);
  });
});

test('a template without base is itself, with its credentials sorted', () => {
  expect(resolveTemplate({ image: 'i', command: ['c'], requires: { credentials: [{ name: 'B' }, { name: 'A' }] } }))
    .toEqual({ image: 'i', command: ['c'], requires: { credentials: [{ name: 'A' }, { name: 'B' }], egress: [] } });
});

test('a template that says nothing gains no field', () => {
  expect(resolveTemplate({ image: 'i', command: ['c'] })).toEqual({ image: 'i', command: ['c'] });
});

test('a run takes as long as it says, else its template, else half an hour', () => {
  expect(timeoutMilliseconds(base, { ...run, timeout: '5m' })).toBe(5 * MINUTE);
  expect(timeoutMilliseconds(base, run)).toBe(120 * MINUTE);
  expect(timeoutMilliseconds({}, run)).toBe(30 * MINUTE);
});

test('a template with other defaults keeps the long grace period of interactive runs', () => {
  expect(gracePeriodSeconds({ defaults: { model: 'm' } }, 'Interactive')).toBe(300);
  expect(gracePeriodSeconds({ defaults: { model: 'm' } }, undefined)).toBe(60);
});

test('a grace period of 0 is neither taken for none nor for a deletion by force', () => {
  const grace = (terminationGracePeriodSeconds: number) => gracePeriodSeconds({ defaults: { terminationGracePeriodSeconds } }, 'Interactive');
  expect([0, 1, 2, 300].map(grace)).toEqual([1, 1, 2, 300]);
});

describe('the limits of an interactive run', () => {
  test('have defaults', () => {
    expect(interactiveTimeouts({})).toEqual({ idle: 30 * MINUTE, detachIdle: 15 * MINUTE, detach: 5 * MINUTE, maxLifetime: 24 * 60 * MINUTE });
  });

  test('are shortened by the run', () => {
    expect(interactiveTimeouts({}, { idleTimeout: '20m', maxLifetime: '1h' })).toMatchObject({ idle: 20 * MINUTE, maxLifetime: 60 * MINUTE });
  });

  test('are not lengthened by the run', () => {
    expect(interactiveTimeouts({ interactive: { maxLifetime: '1h' } }, { idleTimeout: '50h', detachIdleTimeout: '50h', detachTimeout: '50h', maxLifetime: '50h' }))
      .toEqual({ idle: 30 * MINUTE, detachIdle: 15 * MINUTE, detach: 5 * MINUTE, maxLifetime: 60 * MINUTE });
  });

  test('do not outlast one that ends the run before', () => {
    expect(interactiveTimeouts({ interactive: { maxLifetime: '4m' } })).toEqual({ idle: 4 * MINUTE, detachIdle: 4 * MINUTE, detach: 4 * MINUTE, maxLifetime: 4 * MINUTE });
  });
});

test('the defaults are themselves a valid template', () => {
  const { timeout, terminationGracePeriodSeconds, mountPath } = DEFAULTS;
  const { mode, idleTimeout, detachIdleTimeout, detachTimeout, maxLifetime, maxRecentEvents } = DEFAULTS;
  const { sharedSize, ...pod } = POD_DEFAULTS;
  const spec = {
    image: 'i',
    command: ['c'],
    pod: { ...pod, imagePullPolicy: DEFAULTS.imagePullPolicy, sharedDirectories: [{ name: 'a', size: sharedSize }] },
    runtime: { image: 'r', imagePullPolicy: DEFAULTS.imagePullPolicy },
    defaults: { timeout, terminationGracePeriodSeconds },
    workspace: { required: DEFAULTS.workspaceRequired, mountPath },
    interactive: { mode, idleTimeout, detachIdleTimeout, detachTimeout, maxLifetime, maxRecentEvents },
  };
  expect(problemsWith('HarnessTemplate', { apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessTemplate', metadata: { name: 'a' }, spec })).toEqual([]);
});

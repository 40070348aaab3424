import * as fc from 'fast-check';
import { agentResources, resourceProblems, unlimitedProblems } from '../../src/manifests/agent-resources';
import { exceeds } from '../../src/manifests/quantity';
import type { HarnessRunSpec } from '../../src/protocol/resources';

type Resources = HarnessRunSpec['resources'];

const of = (resources: Resources) => agentResources({}, { resources });

describe('what an agent asks for', () => {
  test('is the default where nothing is said', () => {
    expect(of(undefined)).toEqual({
      requests: { 'cpu': '250m', 'memory': '512Mi', 'ephemeral-storage': '10Gi' }, limits: { 'cpu': '2', 'memory': '4Gi', 'ephemeral-storage': '10Gi' },
    });
  });

  test('is that of the run, else that of its template, as a whole', () => {
    const template = { defaults: { resources: { requests: { cpu: '1' }, limits: { cpu: '1' } } } };
    expect(agentResources(template, {}).requests).toMatchObject({ cpu: '1' });
    expect(agentResources(template, { resources: { limits: { memory: '1Gi' } } })).toMatchObject({ requests: { cpu: '250m' }, limits: { cpu: '2', memory: '1Gi' } });
  });

  test('is filled in where it is said in part', () => {
    expect(of({ requests: { cpu: 1 } })).toMatchObject({ requests: { cpu: '1', memory: '512Mi' }, limits: { cpu: '2', memory: '4Gi' } });
  });

  test('raises a default limit that would be less, and lowers a default request that would be more', () => {
    expect(of({ requests: { 'cpu': '8', 'memory': '4097Mi', 'ephemeral-storage': '20Gi' } }).limits).toEqual({ 'cpu': '8', 'memory': '4097Mi', 'ephemeral-storage': '20Gi' });
    expect(of({ limits: { 'cpu': '0.1', 'memory': '256Mi', 'ephemeral-storage': '1Gi' } }).requests).toEqual({ 'cpu': '0.1', 'memory': '256Mi', 'ephemeral-storage': '1Gi' });
  });

  test('has GPUs as they are said, and as a limit in any case', () => {
    expect(of({ limits: { 'nvidia.com/gpu': 1 } })).toMatchObject({ limits: { 'nvidia.com/gpu': '1', 'cpu': '2' } });
    expect(of({ limits: { 'nvidia.com/gpu': 1 } }).requests).not.toHaveProperty(['nvidia.com/gpu']);
    expect(of({ requests: { 'nvidia.com/gpu': 2 } })).toMatchObject({ requests: { 'nvidia.com/gpu': '2' }, limits: { 'nvidia.com/gpu': '2' } });
  });

  test('is left alone where it contradicts itself, which is a problem', () => {
    const resources = { requests: { memory: '2Gi' }, limits: { memory: '1Gi' } };
    expect(of(resources)).toMatchObject(resources);
    expect(resourceProblems({}, { resources })).toHaveLength(1);
  });
});

describe('a limit', () => {
  const nothing = [0, '0', '0Gi', '0.0', '.0', '0e3', '0m'];
  const limited = ['cpu', 'memory', 'ephemeral-storage'];
  const refusal = (name: string, value: string | number) => `resources.limits.${name} must be more than 0, as 0 is no limit, got ${value}`;

  test.each(nothing.flatMap((value) => limited.map((name) => [name, value] as const)))('of %s is not %j, in a template or in a run', (name, value) => {
    const resources = { limits: { [name]: value } };
    expect(unlimitedProblems(resources)).toEqual([refusal(name, value)]);
    expect(resourceProblems({ defaults: { resources } }, {})).toEqual([refusal(name, value)]);
    expect(resourceProblems({}, { resources })).toEqual([refusal(name, value)]);
  });

  test('of nothing is said of each resource', () => {
    expect(unlimitedProblems({ limits: { memory: '0', cpu: 0 } })).toEqual([refusal('cpu', 0), refusal('memory', '0')]);
  });

  test.each(['1n', '0.000000001', '1m', '.5', 1, '1e-9'])('may be as little as %j', (value) => {
    expect(unlimitedProblems({ limits: Object.fromEntries(limited.map((name) => [name, value])) })).toEqual([]);
  });

  test('of a template does not count where the run has its own', () => {
    expect(resourceProblems({ defaults: { resources: { limits: { cpu: 0 } } } }, { resources: { limits: { cpu: 1 } } })).toEqual([]);
  });

  test('of other resources may be 0, which is none of them, and so may a request', () => {
    expect(unlimitedProblems({ limits: { 'nvidia.com/gpu': 0 }, requests: { cpu: 0, memory: '0' } })).toEqual([]);
    expect(unlimitedProblems()).toEqual([]);
  });
});

describe('a run', () => {
  const named = { requests: { 'example.com/kvm': 1 }, limits: { 'example.com/kvm': 1, 'nvidia.com/gpu': 1, 'memory': '1Gi' } };
  const template = { defaults: { resources: named } };
  const twoOf = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 2]));
  const asking = (...names: readonly string[]) => resourceProblems(template, { resources: { limits: twoOf(names) } });

  test('may ask for CPU, memory, scratch space and any number of what its template names', () => {
    expect(asking('cpu', 'memory', 'ephemeral-storage', 'nvidia.com/gpu', 'example.com/kvm')).toEqual([]);
    expect(resourceProblems({}, { resources: { requests: { cpu: 1 }, limits: { memory: '1Gi' } } })).toEqual([]);
  });

  const others = ['rdma/hca_shared_devices_a', 'intel.com/sriov', 'hugepages-2Mi', 'constructor', 'toString'];
  test.each(others)('may not ask for %s, which its template does not name', (name) => {
    const problem = `resources of a run must be cpu, memory, ephemeral-storage or what its template names, got ${name}`;
    expect(asking('cpu', name)).toEqual([problem]);
    expect(resourceProblems(template, { resources: { requests: { [name]: 0 } } })).toEqual([problem]);
    expect(resourceProblems({}, { resources: { requests: { [name]: 1 }, limits: { [name]: 1 } } })).toEqual([problem]);
  });

  test('that says nothing gets whatever its template names', () => {
    expect(resourceProblems(template, {})).toEqual([]);
    expect(resourceProblems({ defaults: { resources: { requests: { constructor: 1 } } } }, {})).toEqual([]);
  });
});

const amount = fc.constantFrom('0', '1', '100m', '0.5', '512Mi', '1e3', '4Gi', '5G', '10Gi', 20, 8589934592);
const amounts = fc.record({ 'cpu': amount, 'memory': amount, 'ephemeral-storage': amount, 'nvidia.com/gpu': amount }, { requiredKeys: [] }) as fc.Arbitrary<Record<string, string | number>>;

test('no request exceeds its limit, unless both were said so', () => {
  fc.assert(fc.property(fc.record({ requests: amounts, limits: amounts }, { requiredKeys: [] }), (resources) => {
    const { requests = {}, limits = {} } = of(resources);
    for (const name of Object.keys(requests)) {
      const said = resources.requests?.[name] !== undefined && resources.limits?.[name] !== undefined;
      expect(Object.keys(limits)).toContain(name);
      if (!said) expect(exceeds(requests[name], limits[name])).toBe(false);
    }
  }));
});

test('CPU, memory and scratch space of a run that is not refused have a limit, whatever part of them is said', () => {
  fc.assert(fc.property(fc.record({ requests: amounts, limits: amounts }, { requiredKeys: [] }), (resources) => {
    fc.pre(unlimitedProblems(resources).length === 0);
    for (const name of ['cpu', 'memory', 'ephemeral-storage']) expect(exceeds(of(resources).limits![name], 0)).toBe(true);
  }));
});

describe('a quantity', () => {
  test.each([
    ['2', '1999m'], ['1Gi', '1G'], ['1k', 999], ['1e3', '999'], ['1.5Gi', '1535Mi'], ['1', '999999999n'], ['1Ei', '1E'], ['.5', '499m'], ['2.', '1'], ['1u', '999n'], ['1E3', '999'],
    ['9007199254740993', '9007199254740992'], [9007199254740994, 9007199254740992], [1e21, '999999999999999999999'], [1.5e21, 1e21], [2 ** 63, '8191Pi'],
  ])('%s exceeds %s, not the other way round, and not itself', (more, less) => {
    expect([exceeds(more, less), exceeds(less, more), exceeds(more, more)]).toEqual([true, false, false]);
  });

  test.each([['700m', '0.7'], ['1Ki', 1024], ['1E', '1e18'], ['1000000u', '1'], ['0.1k', '100'], ['1e-3', '1m'], ['0', '0Gi'], [1e21, '1000E'], [2 ** 63, '9223372036854776000']])('%s is %s', (one, other) => {
    expect([exceeds(one, other), exceeds(other, one)]).toEqual([false, false]);
  });
});

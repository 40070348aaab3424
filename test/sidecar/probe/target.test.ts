import { readProbeConfig } from '../../../sidecar/src/probe/config';
import { Surroundings, targetsOf } from '../../../sidecar/src/probe/target';
import type { ProbeConfig, ProbeEdge } from '../../../src/protocol/probe';

const around: Surroundings = {
  apiServer: { address: '10.96.0.1', port: 443 },
  hostIp: '192.0.2.7',
  control: '10.244.0.9',
  resolvConf: 'search svc.cluster.local\nnameserver 10.96.0.10\nnameserver 10.96.0.11\noptions ndots:5\n',
};
const edge = (changed: Partial<ProbeEdge>): ProbeEdge => ({ to: 'somebody', at: '10.0.0.1', port: 53, protocol: 'TCP', expect: 'deny', rows: [], listener: false, ...changed });

describe('where an edge leads', () => {
  test.each<[string, Partial<ProbeEdge>, string, number]>([
    ['an address', {}, '10.0.0.1', 53],
    ['the API server, with the port it has', { at: { place: 'api-server' }, port: undefined }, '10.96.0.1', 443],
    ['the own node', { at: { place: 'own-node' }, port: 10_250 }, '192.0.2.7', 10_250],
    ['the control', { at: { place: 'control' } }, '10.244.0.9', 53],
    ['the first resolver', { at: { place: 'dns-server' } }, '10.96.0.10', 53],
  ])('to %s', (_, changed, at, port) => expect(targetsOf([edge(changed)], around)).toMatchObject({ targets: [{ at, port, expect: 'deny' }], untold: [] }));

  test('to a resolver on the own node, where nothing is promised', () => {
    const onNode = edge({ at: { place: 'dns-server' }, expectLinkLocal: 'unpromised' });
    const expected = (resolvConf: string) => targetsOf([onNode], { ...around, resolvConf }).targets.map((target) => target.expect);
    expect([expected('nameserver 169.254.20.10'), expected('nameserver fe80::a'), expected('nameserver 10.96.0.10')]).toEqual([['unpromised'], ['unpromised'], ['deny']]);
  });

  test('to the metadata service stays denied', () => {
    expect(targetsOf([edge({ at: '169.254.169.254' })], around).targets[0].expect).toBe('deny');
  });

  test.each<[string, Partial<ProbeEdge>, Partial<Surroundings>]>([
    ['there is no resolver', { at: { place: 'dns-server' } }, { resolvConf: '# nameserver 10.0.0.1' }],
    ['no control has said where it is', { at: { place: 'control' } }, { control: undefined }],
    ['there is no port', { at: { place: 'own-node' }, port: undefined }, {}],
  ])('is not known when %s, and that is told', (_, changed, missing) => {
    expect(targetsOf([edge(changed)], { ...around, ...missing })).toEqual({ targets: [], untold: ['somebody: the pod does not know where it is'] });
  });
});

describe('a configuration', () => {
  const config: ProbeConfig = { self: 'me', listen: [8080], edges: [edge({})], startSeconds: 30 };
  const read = (changed: object) => readProbeConfig(JSON.stringify({ ...config, ...changed }));

  test('is read', () => expect(read({})).toEqual(config));
  test('of a control is read', () => expect(read({ subjects: [{ title: 'a', address: '10.96.0.200', ports: [1] }] }).subjects).toHaveLength(1));

  test.each<[string, object]>([
    ['self', { self: '' }],
    ['listen', { listen: [0] }],
    ['listen', { listen: ['8080'] }],
    ['edges', { edges: [] }],
    ['edges', { edges: [edge({ at: 'example.com' })] }],
    ['edges', { edges: [edge({ at: { place: 'moon' as never } })] }],
    ['edges', { edges: [edge({ port: undefined })] }],
    ['edges', { edges: [edge({ expect: 'maybe' as never })] }],
    ['edges', { edges: [edge({ expectLinkLocal: 'maybe' as never })] }],
    ['edges', { edges: [edge({ protocol: 'SCTP' as never })] }],
    ['edges', { edges: [null] }],
    ['subjects', { subjects: [{ title: 'a', address: 'example.com', ports: [] }] }],
    ['startSeconds', { startSeconds: 0 }],
  ])('is refused for its %s: %j', (field, changed) => expect(() => read(changed)).toThrow(new RegExp(`^${field} must be`)));

  test('is refused when it is no JSON', () => expect(() => readProbeConfig('{')).toThrow('JSON'));
});

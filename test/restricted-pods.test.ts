import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiObject, Chart, Include, Testing } from 'cdk8s';
import { Deployment } from 'cdk8s-plus-28';
import { one, synth } from './helpers/manifests';
import { tempFolder } from './helpers/temp-folder';
import { RestrictedPods, RestrictedPodsProps } from '../src/restricted-pods';

const folder = tempFolder();
const WAIVER = { rule: 'restricted/run-as-non-root', reason: 'the image starts as root and drops it' };

/** A chart with one Deployment as its author wrote it. */
function foreign(podSpec: object = {}, container: object = {}): Chart {
  const chart = Testing.chart();
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'main', image: 'example.com/a', ...container }], ...podSpec } };
  new ApiObject(chart, 'web', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { template } });
  return chart;
}

function restricted(props?: RestrictedPodsProps, ...pod: Parameters<typeof foreign>): any {
  const chart = foreign(...pod);
  chart.with(new RestrictedPods(props));
  return one(synth(chart), 'Deployment', 'web');
}

test('a chart that says nothing about security is made to pass', () => {
  const { spec } = restricted().spec.template;
  expect(spec.securityContext).toEqual({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  expect(spec.containers[0].securityContext).toEqual({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
});

test('what is added after it was applied is hardened too', () => {
  const chart = Testing.chart();
  const deployment = new Deployment(chart, 'web', { metadata: { name: 'web' } });
  chart.with(new RestrictedPods());
  deployment.addContainer({ image: 'example.com/a', resources: {} });
  const { containers } = one(synth(chart), 'Deployment', 'web').spec.template.spec;
  expect(containers[0].securityContext).toMatchObject({ capabilities: { drop: ['ALL'] } });
});

test('applied twice it does the same as once', () => {
  const chart = foreign();
  chart.with(new RestrictedPods(), new RestrictedPods());
  expect(one(synth(chart), 'Deployment', 'web')).toEqual(restricted());
});

test('objects without pods stay as they are', () => {
  const make = () => {
    const chart = Testing.chart();
    new ApiObject(chart, 'map', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: 'b' } });
    return chart;
  };
  const chart = make();
  chart.with(new RestrictedPods());
  expect(synth(chart)).toEqual(synth(make()));
});

test.each([
  ['root', { securityContext: { runAsUser: 0 } }, {}, /restricted\/run-as-user: spec.template.spec.securityContext.runAsUser must be a number above 0/],
  ['the network of the node', { hostNetwork: true }, {}, /Deployment web: baseline\/host-namespaces: spec.template.spec.hostNetwork/],
  ['a privileged container', {}, { securityContext: { privileged: true } }, /baseline\/privileged/],
  ['a folder of the node', { volumes: [{ name: 'a', hostPath: { path: '/' } }] }, {}, /baseline\/host-path-volumes/],
])('a chart that wants %s is refused at synth', (_, podSpec, container, message) => {
  expect(() => restricted({}, podSpec, container)).toThrow(message);
});

test('without hardening a chart that says nothing is refused', () => {
  expect(() => restricted({ harden: false })).toThrow(/restricted\/privilege-escalation/);
});

test('rules of a later version refuse what earlier ones let pass', () => {
  const probe = { livenessProbe: { httpGet: { port: 80, host: '192.0.2.1' } } };
  expect(restricted({}, {}, probe)).toBeDefined();
  expect(() => restricted({ version: 'v1.34' }, {}, probe)).toThrow(/baseline\/probe-and-hook-hosts/);
});

describe('a waiver', () => {
  test('lets its rule pass, fills nothing in for it, and shows in the output with its reason', () => {
    const { metadata, spec } = restricted({ waivers: [WAIVER] });
    expect(spec.template.spec.securityContext).toEqual({ seccompProfile: { type: 'RuntimeDefault' } });
    expect(metadata.annotations['cdk8s-agent-platform/waived'])
      .toMatch(/^restricted\/run-as-non-root: spec\.template\.spec\.containers\[main\].* \(waived: the image starts as root and drops it\)$/);
  });

  test('that was not needed leaves no mark', () => {
    expect(restricted({ waivers: [WAIVER] }, { securityContext: { runAsNonRoot: true } }).metadata.annotations).toBeUndefined();
  });

  test('does not let other rules pass', () => {
    expect(() => restricted({ waivers: [WAIVER] }, { hostPID: true })).toThrow(/spec.template.spec.hostPID/);
  });

  test.each([
    ['no reason', { ...WAIVER, reason: ' ' }, 'must have a reason'],
    ['a rule that does not exist', { ...WAIVER, rule: 'run-as-non-root' }, 'must name one of the rules'],
  ])('with %s is refused at once', (_, waiver, message) => {
    expect(() => new RestrictedPods({ waivers: [waiver] })).toThrow(message);
  });
});

test('a version that is none is refused at once', () => {
  expect(() => new RestrictedPods({ version: '1.30' })).toThrow("must be 'latest' or like 'v1.30'");
});

test('an included file of YAML is hardened', () => {
  const file = join(folder, 'pod.yaml');
  writeFileSync(file, 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: b}]}\n');
  const chart = Testing.chart();
  new Include(chart, 'file', { url: file });
  chart.with(new RestrictedPods());
  expect(one(synth(chart), 'Pod', 'p').spec.securityContext.runAsNonRoot).toBe(true);
});

describe('a list', () => {
  const list = (spec: object) => {
    const chart = Testing.chart();
    const pod = { metadata: { name: 'a' }, spec: { containers: [{ name: 'a', image: 'b' }], ...spec } };
    new ApiObject(chart, 'list', { apiVersion: 'v1', kind: 'PodList', items: [pod] } as any);
    return chart.with(new RestrictedPods()) as Chart;
  };

  test('is hardened item by item', () => {
    expect(synth(list({}))[0].items).toEqual([expect.objectContaining({ kind: 'Pod', spec: expect.objectContaining({ securityContext: expect.objectContaining({ runAsNonRoot: true }) }) })]);
  });

  test('is refused for what one of its items wants', () => {
    expect(() => synth(list({ hostPID: true }))).toThrow('Pod a: baseline/host-namespaces');
  });
});

test('templates that a kind of others keeps in a list are hardened where they are', () => {
  const chart = Testing.chart();
  const template = { spec: { containers: [{ name: 'a', image: 'b' }] } };
  new ApiObject(chart, 'set', { apiVersion: 'jobset.x-k8s.io/v1alpha2', kind: 'JobSet', metadata: { name: 'a' }, spec: { replicatedJobs: [{ name: 'x', template: { spec: { template } } }] } });
  chart.with(new RestrictedPods());
  const [{ name, template: { spec } }] = synth(chart)[0].spec.replicatedJobs;
  expect({ name, context: spec.template.spec.securityContext }).toEqual({ name: 'x', context: expect.objectContaining({ runAsNonRoot: true }) });
});

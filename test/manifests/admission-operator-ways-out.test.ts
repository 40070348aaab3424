import * as fc from 'fast-check';
import { validOptions } from './agent-pod-options';
import { wayOutValidations } from '../../src/manifests/admission-operator-ways-out';
import { agentPod, AgentPodManifest } from '../../src/manifests/agent-pod';
import { MORE_NETWORKS } from '../../src/manifests/more-networks';

const rules = wayOutValidations('p');
const ruleOf = (message: string) => rules.find((rule) => rule.message.includes(message))!.expression;
const textsIn = (expression: string) => [...expression.matchAll(/dyn\("([^"]+)"\)/g)].map(([, text]) => text);

function everyPod(holds: (pod: AgentPodManifest) => void): void {
  fc.assert(fc.property(validOptions, (options) => holds(agentPod(options))), { numRuns: 100 });
}

test('the labels of an agent are those that the operator gives, whatever the run asks for', () => {
  const texts = textsIn(ruleOf('labels of an agent'));
  everyPod(({ metadata: { labels = {} } }) => {
    expect(Object.entries(labels).filter(([name, value]) => !texts.includes(name) && !texts.includes(`${name}=${value}`))).toEqual([]);
  });
});

test('the label of an agent with another value does not pass for that of a webhook', () => {
  const texts = textsIn(ruleOf('labels of an agent'));
  const prefixes = texts.filter((text) => text.endsWith('/'));
  const fixed = texts.filter((text) => text.includes('='));
  expect(prefixes).toEqual(['kubernetes.io/', 'cdk8s-agent-platform/', 'paddock.dev/']);
  expect(fixed).toContain('cdk8s-agent-platform/role=agent');
  expect(fixed.filter((text) => !prefixes.some((prefix) => text.split('=')[0].includes(prefix)))).toEqual([]);
});

test.each(['labels', 'annotations'] as const)('no %s of an agent are refused as those for network plugins', (field) => {
  const refused = textsIn(ruleOf(`no ${field} for network plugins`));
  expect(refused).toEqual(expect.arrayContaining([...MORE_NETWORKS]));
  everyPod(({ metadata }) => {
    expect(Object.keys(metadata[field] ?? {}).filter((name) => refused.some((prefix) => name.startsWith(prefix)))).toEqual([]);
  });
});

test('no container of a run has what lets the kubelet connect to others, and no pod has a claim for a device', () => {
  const refused = [...ruleOf('no probes').matchAll(/!has\(c\.(\w+)\)/g)].map(([, field]) => field);
  expect(refused).toEqual(['startupProbe', 'livenessProbe', 'readinessProbe', 'lifecycle']);
  everyPod(({ metadata, spec }) => {
    const fields = [...spec.containers, ...spec.initContainers ?? []].flatMap((container) => Object.keys(container));
    expect(fields.filter((field) => refused.includes(field))).toEqual([]);
    expect([Object.keys(spec).includes('resourceClaims'), Object.keys(metadata).includes('finalizers')]).toEqual([false, false]);
  });
});

import { also, anything, Check, fields, isMissing, list, map, oneOf, portNumber, text } from './shape';
import { cidrProblem, exceptProblem } from '../cidr';

/**
 * What is wrong with a NetworkPolicy: fields that Kubernetes does not have, values it
 * refuses, and text that implementations read differently. Empty when it can be evaluated.
 * https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/
 */
export function policyProblems(policy: unknown, path = 'policy'): string[] {
  return POLICY(policy, path);
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#resources-that-support-set-based-requirements */
const REQUIREMENT = also(
  fields({ key: text, operator: oneOf('In', 'NotIn', 'Exists', 'DoesNotExist'), values: list(text) }, ['key', 'operator']),
  (value, path) => {
    const { operator, values } = value as { operator: string; values?: string[] | null };
    const wantsValues = operator === 'In' || operator === 'NotIn';
    if (wantsValues === ((values ?? []).length > 0)) return [];
    return [`${path}.values must ${wantsValues ? 'have a member' : 'be empty'} with operator ${operator}`];
  },
);

const SELECTOR = fields({ matchLabels: map(text), matchExpressions: list(REQUIREMENT) });

const IP_BLOCK = also(fields({ cidr: text, except: list(text) }, ['cidr']), (value, path) => {
  const { cidr, except } = value as { cidr: string; except?: string[] | null };
  const cidrIs = cidrProblem(cidr);
  if (cidrIs !== undefined) return [`${path}.cidr: ${cidrIs}`];
  return (except ?? []).flatMap((inner, index) => {
    const exceptIs = exceptProblem(cidr, inner);
    return exceptIs === undefined ? [] : [`${path}.except[${index}]: ${exceptIs}`];
  });
});

const PEER = also(fields({ podSelector: SELECTOR, namespaceSelector: SELECTOR, ipBlock: IP_BLOCK }), (value, path) => {
  const { podSelector, namespaceSelector, ipBlock } = value as Record<string, unknown>;
  const selects = !isMissing(podSelector) || !isMissing(namespaceSelector);
  if (selects !== isMissing(ipBlock)) {
    return [selects ? `${path}.ipBlock cannot stand beside a selector` : `${path} is empty, allowed are podSelector, namespaceSelector and ipBlock`];
  }
  return [];
});

/** https://www.rfc-editor.org/rfc/rfc6335#section-5.1 */
const SERVICE_NAME = /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/;

const PORT_OR_NAME: Check = (value, path) => {
  if (typeof value !== 'string') return portNumber(value, path);
  return SERVICE_NAME.test(value) ? [] : [`${path} must be a port from 1 to 65535 or the name of one, got ${JSON.stringify(value)}`];
};

const PORT = also(
  fields({ port: PORT_OR_NAME, protocol: oneOf('TCP', 'UDP', 'SCTP'), endPort: portNumber }),
  (value, path) => {
    const { port, endPort } = value as { port?: number | string | null; endPort?: number | null };
    if (isMissing(endPort) || (typeof port === 'number' && endPort >= port)) return [];
    return [`${path}.endPort must follow a port number that is not above it, got port ${JSON.stringify(port)} and endPort ${endPort}`];
  },
);

const SPEC = fields({
  podSelector: SELECTOR,
  policyTypes: list(oneOf('Ingress', 'Egress')),
  ingress: list(fields({ from: list(PEER), ports: list(PORT) })),
  egress: list(fields({ to: list(PEER), ports: list(PORT) })),
});

const METADATA = fields({
  name: text,
  namespace: text,
  labels: map(text),
  annotations: map(text),
  // Set by a cluster, and met when policies are read from one.
  ...Object.fromEntries([
    'creationTimestamp', 'deletionGracePeriodSeconds', 'deletionTimestamp', 'finalizers', 'generateName', 'generation',
    'managedFields', 'ownerReferences', 'resourceVersion', 'selfLink', 'uid',
  ].map((name) => [name, anything])),
}, ['name']);

const POLICY = fields({
  apiVersion: oneOf('networking.k8s.io/v1'),
  kind: oneOf('NetworkPolicy'),
  metadata: METADATA,
  spec: SPEC,
  status: anything, // of Kubernetes 1.24 to 1.27, and always empty
}, ['apiVersion', 'kind', 'metadata', 'spec']);

import { BASE, PODS, withContainer, withRight, withRow } from './documents';
import { diffOf } from '../../../sidecar/src/cli/diff';
import { PostureDocument, postureProblems } from '../../../src/protocol/posture';

const texts = (differences: readonly { text: string }[]) => differences.map(({ text }) => text);
const told = (before: PostureDocument, after: PostureDocument) => {
  const { opens, closes } = diffOf(before, after);
  return { opens: texts(opens), closes: texts(closes) };
};
const CODER = 'template team-a/coder may';
const CONTAINER = 'container broker of StatefulSet broker in platform';
const PODS_OF = 'pods of StatefulSet broker in platform';
const ACCOUNT = 'ServiceAccount platform/broker may';

test('the document that the others are compared with is one', () => {
  expect(postureProblems(BASE)).toEqual([]);
});

const place = (member: object) => withRow('parties', { members: [{ peer: '0.0.0.0/0', except: ['10.0.0.0/8', '127.0.0.0/8'], ...member }] }, 1);
const [grant] = BASE.credentials;

describe.each<[string, PostureDocument, string]>([
  ['a credential at another host', withRow('credentials', { hosts: ['api.model.example', 'other.example'] }), `${CODER} now use credential MODEL_API_KEY at other.example, in the header x-api-key (policy model-access)`],
  ['a credential for another template', { ...BASE, credentials: [grant, { ...grant, holder: { ...grant.holder, name: 'tester' } }] }, 'template team-a/tester may now use credential MODEL_API_KEY at api.model.example, in the header x-api-key (policy model-access)'],
  ['a credential for names that nobody has yet', { ...BASE, credentials: [grant, { ...grant, holder: { ...grant.holder, kind: 'pattern', name: 'new-*' } }] }, 'any template of team-a named new-* may now use credential MODEL_API_KEY at api.model.example, in the header x-api-key (policy model-access)'],
  ['another host', { ...BASE, egress: [...BASE.egress, { ...BASE.egress[0], host: 'x.example', methods: [], paths: [] }] }, `${CODER} now connect to x.example on port 443 (policy model-access)`],
  ['people in runs', withRow('policies', { interact: true }), 'policy team-a/model-access now lets people talk to the agents'],
  ['a shell', withRow('policies', { shell: 'in the agent' }), 'policy team-a/model-access now lets people open a shell in the agent'],
  ['a repository', withRow('policies', { repositories: ['read acme/app', 'write acme/app'] }), 'policy team-a/model-access now grants to write acme/app'],
  ['a discovery window', withRow('policies', { discovery: { reason: 'r', expiresAt: '2030-01-01T00:00:00Z' } }), 'policy team-a/model-access now lets runs reach every host until 2030-01-01T00:00:00Z'],
  ['more templates', withRow('policies', { templates: ['coder', 'tester'] }), 'policy team-a/model-access now applies to templates named tester'],
  ['more kinds', withRow('policies', { kinds: ['ClusterHarnessTemplate', 'HarnessTemplate'] }), 'policy team-a/model-access now applies to each ClusterHarnessTemplate of these names'],
  ['a port', withRow('flows', { ports: ['TCP 443', 'TCP 8443'] }), 'broker in platform may now connect to internet on TCP 8443 (by platform/allow-broker)'],
  ['an end without policy', withRow('flows', { sender: { decision: 'open', policies: [] } }), 'broker in platform is now open to every connection outwards'],
  ['a network of a place', place({ except: ['127.0.0.0/8'] }), 'place internet no longer leaves out 10.0.0.0/8 of 0.0.0.0/0'],
  ['a verb', withRight({ verbs: ['get', 'update'] }), `${ACCOUNT} now update secrets 'model-key' in namespace team-a (by Role broker)`],
  ['a Secret by the API', withRight({ names: ['model-key', 'other'] }), `${ACCOUNT} now get secrets 'other' in namespace team-a (by Role broker)`],
  ['a role from elsewhere', withRight({ known: false }), 'ServiceAccount platform/broker now has the Role broker (namespace team-a), whose rules are not part of the app'],
  ['every verb', withRight({ verbs: ['*'] }), `${ACCOUNT} now do anything with secrets 'model-key' in namespace team-a (by Role broker)`],
  ['an image by tag', withContainer({ image: 'r.example/broker:1' }), `${CONTAINER} now runs an image that is not pinned by digest`],
  ['root', withContainer({ user: 0 }), `${CONTAINER} now runs as root`],
  ['perhaps root', withContainer({ runAsNonRoot: false }), `${CONTAINER} may now run as root`],
  ['privileges', withContainer({ privileged: true }), `${CONTAINER} is now privileged`],
  ['a root file system', withContainer({ readOnlyRoot: false }), `${CONTAINER} may now write its root file system`],
  ['a capability', withContainer({ added: ['NET_ADMIN'] }), `${CONTAINER} now adds the capability NET_ADMIN`],
  ['no seccomp', withContainer({ seccomp: 'Unconfined' }), `${CONTAINER} now runs without a seccomp profile`],
  ['a Secret as variable', withContainer({ secretEnv: ['key'] }), `${CONTAINER} now reads Secret key as a variable`],
  ['a folder of the node', withContainer({ mounts: [...PODS.containers[0].mounts, { path: '/h', source: 'hostPath /', writable: true }] }), `${CONTAINER} may now write hostPath / at /h`],
  ['a weaker standard', withRow('pods', { level: 'baseline' }), `${PODS_OF} now fail the Pod Security Standard 'restricted'`],
  ['tokens for all', withRow('pods', { automount: true }), `${PODS_OF} now get a token for the API server in every container`],
  ['the network of the node', withRow('pods', { hostNamespaces: ['network'] }), `${PODS_OF} now share the network of their node`],
  ['no sandbox', withRow('pods', { runtimeClass: undefined }), `${PODS_OF} no longer run in the runtime class gvisor`],
  ['a waiver', { ...BASE, waivers: [...BASE.waivers, { ...BASE.waivers[0], rule: 'restricted/x' }] }, 'Deployment team-a/cache is now excused from restricted/x: spec must (because: old kernel)'],
  ['no enforcement', withRow('namespaces', { enforces: undefined }), "namespace platform no longer enforces the Pod Security Standard 'restricted v1.30'"],
])('%s', (_, changed, sentence) => {
  test(`opens: ${sentence}`, () => {
    const { opens, closes } = told(BASE, changed);
    expect(opens).toContain(sentence);
    // What a change replaces is closed; nothing may be closed twice or opened besides.
    expect(closes.filter((text) => opens.includes(text))).toEqual([]);
  });

  test('closes the same, backwards', () => {
    const inverse = sentence.includes('no longer') ? sentence.replace('no longer', 'now') : sentence.replace('now', 'no longer');
    expect(told(changed, BASE).closes).toContain(inverse);
    expect(told(changed, BASE).opens).toEqual(told(BASE, changed).closes.map((text) => (text.includes('no longer') ? text.replace('no longer', 'now') : text.replace('now', 'no longer'))));
  });
});

describe('what a wider grant covers is not closed, only said in other words', () => {
  test.each<[string, PostureDocument]>([
    ['every method', withRow('egress', { methods: [] })],
    ['every path', withRow('egress', { paths: [] })],
    ['a longer prefix gone', withRow('egress', { paths: ['/*'] })],
    ['every port', withRow('egress', { ports: [] })],
    ['a wildcard host', withRow('egress', { host: '*.model.example' })],
    ['a wildcard host of a credential', withRow('credentials', { hosts: ['*.model.example'] })],
    ['a range of ports', withRow('flows', { ports: ['TCP 400-500'] })],
    ['every Secret', withRight({ names: [] })],
    ['every verb', withRight({ verbs: ['*'] })],
    ['the whole cluster', withRight({ scope: 'cluster' })],
    ['every template', withRow('policies', { templates: ['*'] })],
    ['every image', withRow('policies', { images: [] })],
  ])('%s', (_, wider) => {
    expect(told(BASE, wider)).toEqual({ opens: [expect.any(String), ...told(BASE, wider).opens.slice(1)], closes: [] });
    expect(told(wider, BASE)).toMatchObject({ opens: [] });
  });

  test('a wildcard does not cover its apex', () => {
    expect(told(withRow('egress', { host: 'model.example' }), withRow('egress', { host: '*.model.example' })).closes).toHaveLength(1);
  });
});

test('what opens is told in the order of danger: credentials, hosts, network, pods', () => {
  const changed = { ...withContainer({ user: 0 }), credentials: withRow('credentials', { hosts: ['x.example'] }).credentials, flows: withRow('flows', { ports: ['TCP 1'] }).flows };
  expect(diffOf(BASE, changed).opens.map(({ section }) => section)).toEqual(['credentials', 'network', 'pods']);
});

test('the walls of something new are not told', () => {
  const before = { ...BASE, parties: BASE.parties.slice(0, 1), flows: [] };
  expect(told(before, BASE).closes).toEqual([]);
  expect(texts(diffOf(before, BASE).changes)).toContain('place internet is new');
});

test('another image, policy or reason is a change that neither opens nor closes', () => {
  const changed = { ...withContainer({ image: 'r.example/broker@sha256:1' }), waivers: withRow('waivers', { reason: 'new reason' }).waivers };
  const { opens, closes, changes } = diffOf(BASE, changed);
  expect([opens, closes]).toEqual([[], []]);
  expect(texts(changes)).toEqual([
    `image of ${CONTAINER}: r.example/broker@sha256:1; before: r.example/broker@sha256:0`,
    'reason why Deployment team-a/cache is excused from restricted/seccomp: new reason; before: old kernel',
  ]);
});

test('more than any platform says is refused, however short the file', () => {
  const many = Array.from({ length: 2000 }, (_, index) => `v${index}`);
  expect(() => diffOf(BASE, withRight({ verbs: many, resources: many }))).toThrow('it says more than 500000 things, which no platform does');
});

test('ports that open together are told together, however the other side cuts them', () => {
  const opened = withRow('flows', { ports: ['TCP 1-65535'] });
  expect(told(BASE, opened).opens).toEqual([
    'broker in platform may now connect to internet on TCP 1-442 (by platform/allow-broker)',
    'broker in platform may now connect to internet on TCP 444-65535 (by platform/allow-broker)',
  ]);
  const [flow] = BASE.flows;
  const back = { ...BASE, flows: [flow, { ...flow, to: 'broker' }] };
  expect(told(back, { ...opened, flows: [...opened.flows, { ...flow, to: 'broker', ports: ['TCP 1-65535', 'UDP 53'] }] }).opens).toEqual(expect.arrayContaining([
    'broker in platform may now connect to broker in platform on UDP 53 (by platform/allow-broker)',
  ]));
  expect(told({ ...BASE, flows: [] }, { ...BASE, flows: [{ ...flow, ports: ['TCP 1-442', 'TCP 443', 'TCP 444-65535'] }] }).opens).toEqual([
    'broker in platform may now connect to internet on TCP 1-65535 (by platform/allow-broker)',
  ]);
});

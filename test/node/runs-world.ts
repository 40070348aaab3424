import { Chart, Duration, Size, Testing } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { HTTPS, ZONE } from './egress-internet';
import { forOneNode, given, localImage, localVolumes, NODE_API_SERVER } from './one-node';
import { IMAGES } from './session-world';
import {
  AgentPlatform, AuditStorage, BrokerPolicy, CredentialDelivery, CredentialGrant, HarnessTemplate, ImagePullPolicy, SeedCredential,
  Workspace,
} from '../../src';
import { CA_KEY } from '../../src/protocol/objects';
import { Emitted } from '../helpers/manifests';

export const SYSTEM = 'runs-platform';
export const TEAM = 'runs-team';
export const REAL_KEY = 'the-real-key-of-runs-that-only-upstreams-see';
export const REAL_PASSWORD = 'the-real-password-of-the-git-host';
export const GIT_USER = 'robot';
const UPSTREAM_CA = 'upstream-ca';
const STORAGE_CLASS = 'runs-local';

/** What the agents of these tests do: say who they are and what they see, then use what they were given. */
const REPORT = `
echo "id $(id -u):$(id -g) home $HOME user $USER"
touch "$HOME/note" && echo "home writable"
touch /etc/note 2>/dev/null || echo "root read-only"
echo "prompt $(cat "$PADDOCK_PROMPT_PATH")"
echo "workspace $(pwd) $(ls -A | grep -v '^\\.' | tr '\\n' ' ')"
ls /var/run/secrets/kubernetes.io 2>/dev/null || echo "no token"
echo "granted $(curl -sS --max-time 20 -H "x-api-key: $API_KEY" https://api.${ZONE}/granted)"
echo "refused $(curl -s -o /dev/null --max-time 20 -w '%{http_connect}' https://forbidden.${ZONE}/)"
curl -s --noproxy '*' --max-time 3 -o /dev/null http://10.96.0.1:443 || echo "no other way"
`;

/** A platform as it comes by default but for sessions, with one replica of what is not tried here. */
export function platformObjects(): Emitted[] {
  const chart = new Chart(Testing.app(), 'runs');
  const platform = new AgentPlatform(chart, 'platform', {
    image: localImage(),
    apiServer: NODE_API_SERVER,
    namespace: SYSTEM,
    broker: { replicas: 1, auditStorage: AuditStorage.ephemeral() },
    egress: { upstreamCa: { name: UPSTREAM_CA, key: CA_KEY } },
    sessions: { enabled: false },
    runs: {
      seedImage: IMAGES.glibc,
      seedImagePullPolicy: ImagePullPolicy.NEVER,
      ephemeralWorkspace: { storageClassName: STORAGE_CLASS },
      allowedRegistries: ['localhost/'],
    },
  });
  addTemplates(chart, platform);
  return Testing.synth(chart).map(forOneNode);
}

function addTemplates(chart: Chart, platform: AgentPlatform): void {
  const namespace = platform.addNamespace(TEAM);
  const egress = ['api', 'git'].map((name) => ({ host: `${name}.${ZONE}`, ports: [HTTPS] }));
  new BrokerPolicy(chart, 'access', {
    namespace,
    appliesToTemplates: ['reporter', 'waiter'],
    credentials: [
      CredentialGrant.userSupplied('API_KEY', {
        secret: { name: 'provider-keys', key: 'api' }, delivery: CredentialDelivery.header({ hosts: [`api.${ZONE}`], header: 'x-api-key' }),
      }),
      CredentialGrant.userSupplied('GIT_PASSWORD', {
        secret: { name: 'provider-keys', key: 'git' }, delivery: CredentialDelivery.basicAuth({ hosts: [`git.${ZONE}`], username: GIT_USER }),
      }),
    ],
    egress,
  });
  const common = {
    namespace,
    image: IMAGES.glibc,
    credentials: ['API_KEY', 'GIT_PASSWORD'],
    egress,
    resources: { cpu: { request: Cpu.millis(10), limit: Cpu.units(1) }, memory: { request: Size.mebibytes(16), limit: Size.mebibytes(128) } },
    terminationGracePeriod: Duration.seconds(30),
  };
  new HarnessTemplate(chart, 'reporter', { ...common, command: ['/bin/sh', '-c', `${REPORT}sleep 3; curl -sS --max-time 600 https://api.${ZONE}/finish || true`] });
  const waiting = ['/bin/sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.2; done'];
  new HarnessTemplate(chart, 'waiter', { ...common, command: waiting });
  const faults: Readonly<Record<string, Partial<ConstructorParameters<typeof HarnessTemplate>[2]>>> = {
    failing: { command: ['/bin/sh', '-c', 'echo "cannot go on" >/dev/termination-log; exit 3'] },
    missing: { command: ['no-such-program'] },
    greedy: { command: ['/bin/sh', '-c', 'x=$(head -c 400000000 /dev/zero | tr "\\0" a); echo ${#x}'] },
    rooted: { command: ['/bin/sh', '-c', 'echo x >/etc/passwd'] },
    // Without a volume that it would wait for.
    late: { command: waiting },
    nowhere: { image: 'localhost/no-such-image:1', command: ['/x'] },
  };
  for (const [name, fault] of Object.entries(faults)) {
    const { image, command, resources } = { ...common, command: ['/x'], ...fault };
    new HarnessTemplate(chart, name, { namespace, image, command, resources, workspace: { required: false } });
  }
  new Workspace(chart, 'repositories', {
    namespace,
    size: Size.mebibytes(64),
    storageClassName: STORAGE_CLASS,
    seed: [{ url: `https://git.${ZONE}/project.git`, path: 'project', credential: SeedCredential.broker({ name: 'any', key: 'GIT_PASSWORD' }) }],
  });
}

/** What whoever deploys makes. */
export function givenObjects(authority: string): object[] {
  return [
    { ...given('Secret', TEAM, 'provider-keys'), stringData: { api: REAL_KEY, git: REAL_PASSWORD } },
    { ...given('ConfigMap', SYSTEM, UPSTREAM_CA), data: { [CA_KEY]: authority } },
    ...localVolumes(STORAGE_CLASS, ...[0, 1, 2, 3, 4, 5].map((index) => `runs-${index}`)),
  ];
}

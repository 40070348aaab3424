import { Testing } from 'cdk8s';
import { Answer, ApiServer } from './api-server';
import { apply, must } from './cli';
import { AgentPlatform, BrokerPolicy, CredentialGrant } from '../../src';
import { agentPod } from '../../src/manifests/agent-pod';
import { RunOwner } from '../../src/manifests/run-objects';
import { Emitted, synth } from '../helpers/manifests';
import { API_SERVER, IMAGE } from '../helpers/platform';

export const NAMESPACE = '/api/v1/namespaces/team-a';
export const RUNS = '/apis/paddock.dev/v1alpha1/namespaces/team-a/harnessruns';
export const FINALIZER = 'paddock.dev/harnessrun-finalizer';

const OPERATOR = 'system:serviceaccount:agent-platform:operator';

export const admin = new ApiServer();
export const operator = new ApiServer(OPERATOR);

/** More Secrets than anybody has, as the rule about them costs the API server time for each. */
const MANY = Array.from({ length: 300 }, (_, index) => `secret-of-a-policy-from-elsewhere-number-${index}`);

/** Images of runs come from one registry; a policy grants a Secret, and others are named for policies from elsewhere. */
function objectsOf(): Emitted[] {
  const chart = Testing.chart();
  const platform = new AgentPlatform(chart, 'platform', { image: IMAGE, apiServer: API_SERVER, runs: { allowedRegistries: ['registry.example.com/team/'] } });
  const namespace = platform.addNamespace('team-a', { additionalSecrets: ['elsewhere', ...MANY] });
  new BrokerPolicy(chart, 'policy', {
    namespace,
    name: 'policy',
    appliesToTemplates: ['coder'],
    credentials: [CredentialGrant.anthropicApi('KEY', { secret: { name: 'model-key', key: 'token' } })],
    egress: [{ host: 'api.anthropic.com', ports: [443] }],
  });
  return synth(chart);
}

/** Of the runs, `fix` is the one that most is about. */
export async function makeRuns(): Promise<RunOwner> {
  for (const [name, more] of Object.entries({ fix: {}, other: {}, kept: {}, over: { ttlSecondsAfterFinished: 60 } })) {
    await admin.call('POST', RUNS, { apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', metadata: { name }, spec: { templateRef: { name: 'coder' }, prompt: 'Work.', ...more } });
  }
  const { uid } = JSON.parse(must(['get', 'harnessrun', 'fix', '-n', 'team-a', '-o', 'json'])).metadata;
  return { platform: 'agent-platform', namespace: 'team-a', name: 'fix', uid };
}

export function applyPlatform(): void {
  apply(objectsOf());
}

/** As the operator makes it, with everything that a template can ask for. */
export function podOf(owner: RunOwner): any {
  return agentPod({
    owner,
    run: { spec: { templateRef: { name: 'coder' }, promptFrom: { secretKeyRef: { name: 'my-prompt', key: 'text' } } }, hasInlinePrompt: false },
    attempt: 0,
    template: {
      identity: { name: 'coder', kind: 'HarnessTemplate' },
      spec: {
        image: 'registry.example.com/team/coder:1',
        command: ['/coder'],
        pod: { sharedDirectories: [{ name: 'models', readOnly: true }], imagePullSecrets: [{ name: 'registry' }] },
        requires: { credentials: [{ name: 'KEY' }] },
      },
    },
    workspace: { kind: 'claim', name: 'files', seed: { repos: [{ url: 'https://git.example.com/a.git', path: 'a', credentialsSecretRef: { name: 'git-login' } }] } },
    sidecar: { image: IMAGE.reference, pinned: IMAGE.pinned },
    seedImage: 'docker.io/alpine/git:v2.49.1',
  });
}

export async function make(path: string, object: object, who = operator): Promise<Answer> {
  return who.call('POST', `${path}?dryRun=All`, object);
}

/** Whether a rule has said no. Without rights, which come a moment after they are made as rules do, the status is the same. */
export function isDenied({ status, body }: Answer): boolean {
  return status === 403 && body.message?.includes('denied request') === true;
}

/** A copy of an object with some of it changed. */
export function changed<T>(object: T, change: (copy: any) => void): T {
  const copy = structuredClone(object);
  change(copy);
  return copy;
}

export function refused(message: RegExp) {
  return { status: 403, body: { message: expect.stringMatching(message) } };
}

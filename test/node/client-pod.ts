import { BuiltImage } from './one-node';
import { CALLERS, SYSTEM, TOKEN } from './world';
import { RUNTIME_FILES } from '../../src/protocol/paths';
import { PORTS } from '../../src/protocol/ports';
import { kubectl } from '../cluster/cli';

/** Host name of the broker inside the cluster. */
export const BROKER_HOST = `broker.${SYSTEM}.svc`;

/** What came back: an answer, or why there is none. */
export interface Reply {
  readonly status?: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body?: any;
  readonly error?: string;
}

/** A pod that does nothing until told. The image of the platform has a TLS client in it: Node. */
export function clientPod(name: string, labels: Readonly<Record<string, string>>, { localName }: BuiltImage): object {
  const securityContext = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: CALLERS, labels },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{ name: 'client', image: localName, imagePullPolicy: 'Never', args: ['-e', 'setInterval(() => {}, 1e6)'], securityContext }],
    },
  };
}

/** Sends one request from a pod to the broker's Service, over TLS that trusts `ca` only. */
export function ask(pod: string, path: string, body: object, ca?: string): Reply {
  const request = { host: BROKER_HOST, port: PORTS['broker-api'], path, ca, token: TOKEN, body: JSON.stringify(body) };
  return JSON.parse(inPod(CALLERS, pod, REQUEST, JSON.stringify(request)));
}

/** Ends the first program of a container, which is started again. The program that asks for it may end with it, before it could say so. */
export function endContainer(namespace: string, pod: string): void {
  kubectl(['exec', '-n', namespace, pod, '--', RUNTIME_FILES.node, '-e', "process.kill(1, 'SIGTERM')"]);
}

/** Runs a Node program in a pod and gives what it printed. */
export function inPod(namespace: string, pod: string, program: string, ...args: readonly string[]): string {
  const { ok, stdout, stderr } = kubectl(['exec', '-n', namespace, pod, '--', RUNTIME_FILES.node, '-e', program, ...args]);
  if (!ok) throw new Error(`node in ${namespace}/${pod}: ${stderr}`);
  return stdout;
}

const REQUEST = `
  const { host, port, path, ca, token, body } = JSON.parse(process.argv[1]);
  const headers = { 'authorization': 'Bearer ' + token, 'x-paddock-run': 'fix-login', 'content-type': 'application/json' };
  const done = (reply) => { console.log(JSON.stringify(reply)); process.exit(0); };
  setTimeout(() => done({ error: 'ETIMEDOUT' }), 10_000);
  const request = require('node:https').request({ host, port, path, ca, headers, method: 'POST' }, (answer) => {
    let text = '';
    answer.on('data', (part) => { text += part; });
    answer.on('end', () => done({ status: answer.statusCode, body: JSON.parse(text) }));
  });
  request.on('error', ({ code, message }) => done({ error: code ?? message }));
  request.end(body);
`;

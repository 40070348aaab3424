import { ask, BROKER_HOST, clientPod, endContainer, inPod, Reply } from './client-pod';
import { builtImage, ready } from './one-node';
import { until } from './session-cluster';
import { CALLER_LABELS, CALLERS, CREDENTIAL, givenObjects, HOST, platformObjects, REAL_KEY, selfSigned, SYSTEM } from './world';
import { PATHS, PLATFORM_UID, RUNTIME_FILES } from '../../src/protocol/paths';
import { apply, kubectl, must } from '../cluster/cli';

const IMAGE = builtImage();
const PAIR = selfSigned(BROKER_HOST);
const POD = 'broker-0';

const asCaller = (path: string, body: object): Reply => ask('caller', `/v1/${path}`, body, PAIR.certificate);
/** What the broker says, once the Service leads to it: that follows a moment after the pod is ready. */
const answered = (asking: () => Reply): Promise<Reply> => until('the broker answers', () => {
  const reply = asking();
  return reply.error === undefined && reply;
});
const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

beforeAll(() => {
  const { objects, documents } = platformObjects();
  must(['apply', '--server-side', '-f', '-'], [namespace(CALLERS), ...objects.filter(({ kind }) => kind === 'Namespace')]);
  must(['apply', '--server-side', '-f', '-'], givenObjects(documents, PAIR));
  apply(objects);
  must(['apply', '--server-side', '-f', '-'], [clientPod('caller', CALLER_LABELS, IMAGE), clientPod('stranger', { role: 'stranger' }, IMAGE)]);
  must(['wait', '-n', CALLERS, '--for=condition=Ready', '--timeout=300s', 'pod/caller', 'pod/stranger']);
  ready(SYSTEM, 'statefulset/broker');
}, 900_000);

describe('the pod of the broker', () => {
  const status = () => JSON.parse(must(['get', 'pod', '-n', SYSTEM, POD, '-o', 'json'])).status.containerStatuses[0];

  test('runs the image that was built, and is ready', () => {
    expect(status()).toMatchObject({ ready: true, imageID: expect.stringContaining(IMAGE.config) });
  });

  test('runs without privilege: user, capabilities, escalation and system calls', () => {
    const program = `
      const status = require('fs').readFileSync('/proc/1/status', 'utf8');
      console.log(status.match(/^(Uid|Gid|CapPrm|CapEff|CapBnd|NoNewPrivs|Seccomp):.*$/mg).join('\\n'));`;
    const facts = Object.fromEntries(inPod(SYSTEM, POD, program).trim().split('\n').map((line) => line.split(/:\s+/)));
    const user = Array(4).fill(PLATFORM_UID).join('\t');
    const none = '0'.repeat(16);
    expect(facts).toEqual({ Uid: user, Gid: user, CapPrm: none, CapEff: none, CapBnd: none, NoNewPrivs: '1', Seccomp: '2' });
  });

  test.each(['/', '/app', '/usr', '/etc/agent-platform', PATHS.runtime])('cannot write to %s', (folder) => {
    const program = "try { require('fs').writeFileSync(process.argv[1] + '/planted', ''); console.log('written') } catch ({ code }) { console.log(code) }";
    expect(inPod(SYSTEM, POD, program, folder).trim()).toBe('EROFS');
  });

  test.each(['/bin/sh', '/bin/bash', '/bin/busybox', 'sh'])('has no %s', (shell) => {
    expect(kubectl(['exec', '-n', SYSTEM, POD, '--', shell, '-c', 'true'])).toMatchObject({ ok: false, stderr: expect.stringMatching(/no such file|not found/) });
  });

  test('has two programs, Node and the helper of sessions', () => {
    const program = `
      const { readdirSync, statSync } = require('fs');
      const skipped = ['/proc', '/sys', '/dev'];
      const walk = (folder) => readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const path = (folder === '/' ? '' : folder) + '/' + entry.name;
        if (skipped.includes(path) || entry.isSymbolicLink()) return [];
        try { return entry.isDirectory() ? walk(path) : entry.isFile() && (statSync(path).mode & 0o111) ? [path] : []; } catch { return []; }
      });
      console.log(JSON.stringify(walk('/')));`;
    const executable: string[] = JSON.parse(inPod(SYSTEM, POD, program));
    expect(executable.filter((path) => !/\/(lib|ld-linux)[^/]*\.so[.\d]*$/.test(path))).toEqual([RUNTIME_FILES.node, RUNTIME_FILES.helper]);
  });
});

describe('over TLS, from a pod that the NetworkPolicies admit', () => {
  let bearer: string;
  const substitute = (value: string) => asCaller('substitute-auth', { host: HOST, port: 443, incomingXApiKey: value });

  beforeAll(async () => {
    const { status, body } = await answered(() => asCaller('issue', { name: CREDENTIAL }));
    expect(status).toBe(200);
    bearer = body.value;
  }, 120_000);

  test('a run gets a bearer that is not the key', () => {
    expect(bearer).not.toContain(REAL_KEY);
  });

  test.each([[HOST, true], ['example.org', false]])('the answer about %s is %s', async (host, allowed) => {
    expect(await answered(() => asCaller('validate-egress', { host, port: 443 }))).toMatchObject({ status: 200, body: { allowed } });
  });

  test('the bearer is swapped for the key', async () => {
    const { status, body } = await answered(() => substitute(bearer));
    expect([status, JSON.stringify(body.setHeaders)]).toEqual([200, expect.stringContaining(REAL_KEY)]);
  });

  test('a bearer with one letter changed is refused', async () => {
    const at = bearer.length - 10;
    const tampered = bearer.slice(0, at) + (bearer[at] === 'A' ? 'B' : 'A') + bearer.slice(at + 1);
    expect(await answered(() => substitute(tampered))).toMatchObject({ status: 404, body: { code: 'BearerUnknown' } });
  });

  test('the bearer still works after the container has been restarted', async () => {
    endContainer(SYSTEM, POD);
    must(['wait', '-n', SYSTEM, `pod/${POD}`, '--for=jsonpath={.status.containerStatuses[0].restartCount}=1', '--timeout=240s']);
    must(['wait', '-n', SYSTEM, `pod/${POD}`, '--for=condition=Ready', '--timeout=240s']);
    expect((await answered(() => substitute(bearer))).status).toBe(200);
  }, 600_000);
});

describe('no answer', () => {
  test('for a client that does not trust the certificate', async () => {
    const reply = await until('the connection is made', () => {
      const one = ask('caller', '/v1/issue', { name: CREDENTIAL });
      return one.error !== 'ETIMEDOUT' && one;
    });
    expect(reply).toEqual({ error: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  test('for a pod that no NetworkPolicy admits', () => {
    expect(ask('stranger', '/v1/issue', { name: CREDENTIAL }, PAIR.certificate)).toEqual({ error: 'ETIMEDOUT' });
  }, 60_000);

  test.each([['now', []], ['before the restart', ['--previous']]])('with the key in the log of the broker, %s', (_, options) => {
    const log = must(['logs', '-n', SYSTEM, POD, ...options]);
    expect(log).toContain('{');
    expect(log).not.toContain(REAL_KEY);
  });
});

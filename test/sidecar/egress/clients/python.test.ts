import { tempFolder } from '../../../helpers/temp-folder';
import { CREDENTIALS, HOSTS } from '../world/catalog';
import { agentEnvironment, Ended, run, testWith } from '../world/programs';
import { egressWorld } from '../world/world';

const world = egressWorld();
const folder = tempFolder();
const withPython = testWith('python3');

/** The wire of `requests` too: both make a tunnel by http.client and take the proxy from the environment. */
const URLLIB = `
import sys, urllib.request, urllib.error
request = urllib.request.Request(sys.argv[1], headers=dict(line.split(': ', 1) for line in sys.argv[3:]), data=sys.argv[2].encode() or None)
try:
    with urllib.request.urlopen(request, timeout=20) as answer:
        print(answer.status, answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.headers.get('x-agent-platform-code'))
except OSError as error:
    print('failed:', error)
`;

const REQUESTS = `
import sys
try:
    import requests
except ImportError:
    print('absent')
    sys.exit()
session = requests.Session()
for path in ('/one', '/two'):
    answer = session.post(sys.argv[1] + path, headers={'Authorization': sys.argv[2]}, json={'a': 1}, timeout=20)
    print(answer.status_code, answer.text)
`;

function python(script: string, ...args: readonly string[]): Promise<Ended> {
  return run('python3', ['-c', script, ...args], { env: { ...agentEnvironment(world.one, folder), PYTHONDONTWRITEBYTECODE: '1' } });
}

withPython('urllib is substituted', async () => {
  expect(await python(URLLIB, `https://${HOSTS.api}/v1`, '', `Authorization: Bearer ${world.one.bearers.api}`)).toEqual({ code: 0, stdout: '200 hello from the upstream\n', stderr: '' });
  expect(world.upstreams.text.toLowerCase()).toContain(`authorization: bearer ${CREDENTIALS.api}`);
});

withPython('urllib with a form', async () => {
  world.upstreams.answer = (request, response) => {
    request.on('data', (chunk) => response.write(chunk)).on('end', () => response.end());
  };
  expect(await python(URLLIB, `https://${HOSTS.api}/v1`, 'a=1&b=2', `Authorization: Bearer ${world.one.bearers.api}`)).toMatchObject({ stdout: '200 a=1&b=2\n' });
});

withPython('requests, where it is installed, with one session', async () => {
  const { stdout, stderr } = await python(REQUESTS, `https://${HOSTS.api}`, `Bearer ${world.one.bearers.api}`);
  expect([stdout === 'absent\n' ? stdout : stdout.trim().split('\n'), stderr]).toEqual([stdout === 'absent\n' ? stdout : ['200 hello from the upstream', '200 hello from the upstream'], '']);
});

withPython('plain http is substituted as well', async () => {
  expect(await python(URLLIB, `http://${HOSTS.files}/plain`, '')).toMatchObject({ stdout: '200 hello from the upstream\n' });
});

withPython('a host that nobody granted fails with the status of the proxy', async () => {
  expect(await python(URLLIB, `https://${HOSTS.foreign}/`, '')).toMatchObject({ stdout: expect.stringMatching(/failed: .*403/) });
  expect(await python(URLLIB, `http://${HOSTS.foreign}/`, '')).toMatchObject({ stdout: '403 HOST_NOT_ALLOWED\n' });
  world.expectUntouched();
});

withPython('a bearer in the body is refused', async () => {
  expect(await python(URLLIB, `https://${HOSTS.api}/v1`, `token=${world.one.bearers.api}`, `Authorization: Bearer ${world.one.bearers.api}`)).toMatchObject({ stdout: '403 BEARER_MISPLACED\n' });
});

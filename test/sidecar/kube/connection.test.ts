import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inCluster } from '../../../sidecar/src/kube/connection';
import { kubeconfig } from '../../../sidecar/src/kube/kubeconfig';
import { tempFolder } from '../../helpers/temp-folder';

const root = tempFolder();
const now = () => 0;
let count = 0;

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

interface Parts {
  readonly cluster?: object;
  readonly user?: object;
  readonly more?: object;
}

function fileOf({ cluster = {}, user = {}, more = {} }: Parts): string {
  const file = join(root, `config-${count += 1}`);
  writeFileSync(file, JSON.stringify({
    'current-context': 'here',
    'contexts': [{ name: 'there', context: { cluster: 'x', user: 'x' } }, { name: 'here', context: { cluster: 'c', user: 'u' } }],
    'clusters': [{ name: 'c', cluster: { server: 'https://api.example:6443/prefix', ...cluster } }],
    'users': [{ name: 'u', user }],
    ...more,
  }));
  return file;
}

describe('a pod', () => {
  const folder = join(root, 'account');
  beforeAll(() => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'ca.crt'), 'ca');
  });
  beforeEach(() => writeFileSync(join(folder, 'token'), 'first'));

  test.each([['10.0.0.1', 'https://10.0.0.1:6443'], ['fd00::1', 'https://[fd00::1]:6443']])('finds its API server at %s', (host, url) => {
    const { server, ca, token } = inCluster({ host, port: 6443 }, now, folder);
    expect([server.origin, String(ca!.content()), String(token!.content())]).toEqual([url, 'ca', 'first']);
  });

  test('uses a renewed token within 10 s, or at once when the old one was refused', () => {
    const time = { now: 0 };
    const { token } = inCluster({ host: '10.0.0.1', port: 443 }, () => time.now, folder);
    writeFileSync(join(folder, 'token'), 'second');
    time.now = 9_999;
    expect(String(token!.content())).toBe('first');
    time.now = 10_000;
    expect(String(token!.content())).toBe('second');
    writeFileSync(join(folder, 'token'), 'third');
    token!.look!();
    expect(String(token!.content())).toBe('third');
  });

  test('keeps its token while the file is gone for a moment', () => {
    const time = { now: 0 };
    const { token } = inCluster({ host: '10.0.0.1', port: 443 }, () => time.now, folder);
    rmSync(join(folder, 'token'));
    time.now = 20_000;
    expect(String(token!.content())).toBe('first');
  });

  test('without a token is refused', () => {
    expect(() => inCluster({ host: '10.0.0.1', port: 443 }, now, join(root, 'nowhere'))).toThrow(/nowhere\/ca\.crt cannot be read: ENOENT/);
  });
});

describe('a kubeconfig', () => {
  test('gives the current context', () => {
    const file = fileOf({
      cluster: { 'certificate-authority-data': base64('ca'), 'tls-server-name': 'kubernetes' },
      user: { 'token': 'planted', 'client-certificate-data': base64('cert'), 'client-key-data': base64('key') },
    });
    const { server, serverName, ca, token, certificate } = kubeconfig(file, now);
    expect([server.href, serverName]).toEqual(['https://api.example:6443/prefix', 'kubernetes']);
    expect([ca, token, certificate?.cert, certificate?.key].map((one) => String(one?.content()))).toEqual(['ca', 'planted', 'cert', 'key']);
  });

  test('names files relative to itself, and data wins over them', () => {
    writeFileSync(join(root, 'token.txt'), 'from file');
    writeFileSync(join(root, 'ca.txt'), 'ca from file');
    const { ca, token } = kubeconfig(fileOf({ cluster: { 'certificate-authority': 'ca.txt' }, user: { tokenFile: 'token.txt' } }), now);
    expect([String(ca!.content()), String(token!.content())]).toEqual(['ca from file', 'from file']);
    expect(String(kubeconfig(fileOf({ cluster: { 'certificate-authority': 'ca.txt', 'certificate-authority-data': base64('data') } }), now).ca!.content())).toBe('data');
  });

  test.each<[string, Parts, RegExp]>([
    ['that runs a program', { user: { exec: { command: 'planted' } } }, /user has exec, which is not supported; supported are token/],
    ['with a provider of credentials', { user: { 'auth-provider': { name: 'oidc' } } }, /user has auth-provider, which is not supported/],
    ['with a password', { user: { username: 'u', password: 'planted' } }, /user has username, which is not supported/],
    ['that speaks for another', { user: { as: 'admin' } }, /user has as, which is not supported/],
    ['that trusts everybody', { cluster: { 'insecure-skip-tls-verify': true } }, /cluster has insecure-skip-tls-verify, which is not supported/],
    ['with a proxy', { cluster: { 'proxy-url': 'http://proxy' } }, /cluster has proxy-url/],
    ['without TLS', { cluster: { server: 'http://api.example' } }, /server must be an https URL/],
    ['without a server', { cluster: { server: '' } }, /server must be an https URL/],
    ['with a certificate but no key', { user: { 'client-certificate-data': base64('cert') } }, /client-certificate and client-key go together/],
    ['with a token that is a number', { user: { token: 7 } }, /token must be a text/],
    ['without a current context', { more: { 'current-context': '' } }, /current-context is not set/],
    ['with a current context that is not there', { more: { 'current-context': 'x' } }, /contexts has no context named "x"/],
    ['with a user that is not there', { more: { users: [] } }, /users has no user named "u"/],
    ['with a file that is not there', { user: { tokenFile: 'nowhere' } }, /nowhere cannot be read: ENOENT/],
  ])('%s is refused', (_, parts, problem) => {
    expect(() => kubeconfig(fileOf(parts), now)).toThrow(problem);
    expect(() => kubeconfig(fileOf(parts), now)).not.toThrow(/planted/);
  });

  test.each(['', '[]', 'users: [planted'])('that is none is refused: %j', (text) => {
    const file = join(root, 'broken');
    writeFileSync(file, text);
    expect(() => kubeconfig(file, now)).toThrow(/broken(: is not a kubeconfig| cannot be read: BAD_INDENT)/);
  });

  test('that is not there is refused', () => {
    expect(() => kubeconfig(join(root, 'nowhere'), now)).toThrow(/nowhere cannot be read: ENOENT/);
  });
});

import { baseEnvironment } from '../../../../sidecar/src/session/execute/base-environment';
import { SESSION_ENV } from '../../../../src/protocol/env';
import { CA_VARIABLES } from '../../../../src/protocol/reserved-env';

test('commands have what the image sets, who they are, and the way out', () => {
  const daemon = { JAVA_HOME: '/opt/java', NODE_ENV: 'production', PATH: '/bin', HOME: '/home/agent', USER: 'agent', LANG: 'de', LC_ALL: 'C', TZ: 'UTC', HTTPS_PROXY: 'http://p', https_proxy: 'http://p', SSL_CERT_FILE: '/ca' };
  expect(baseEnvironment(daemon)).toEqual(daemon);
});

test('without a path there is the usual one', () => {
  expect(baseEnvironment({})).toEqual({ PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' });
});

test.each([...Object.keys(SESSION_ENV), 'PADDOCK_RUN', 'KUBERNETES_SERVICE_HOST'])(
  '%s is not passed on', (name) => expect(baseEnvironment({ [name]: 'x' })).not.toHaveProperty(name));

test.each(CA_VARIABLES)('%s is passed on', (name) => expect(baseEnvironment({ [name]: '/ca' })).toHaveProperty(name, '/ca'));

test.each(['BASH_ENV', 'ENV', 'LDFLAGS', 'NODE_ENV', 'PYTHONSTARTUP'])('%s is passed on: the daemon does not read it', (name) => expect(baseEnvironment({ [name]: 'x' })).toHaveProperty(name, 'x'));

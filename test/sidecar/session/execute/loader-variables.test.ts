import { checkedEnvironment } from '../../../../sidecar/src/session/environment';
import { baseEnvironment } from '../../../../sidecar/src/session/execute/base-environment';
import { isLoaderVariable } from '../../../../sidecar/src/session/execute/loader-variables';

describe.each([
  'LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT', 'LD_DEBUG_OUTPUT', 'LD_ANY_OTHER', 'GCONV_PATH', 'GLIBC_TUNABLES', 'NODE_OPTIONS', 'NODE_PATH',
  'OPENSSL_CONF', 'OPENSSL_ENGINES', 'OPENSSL_MODULES',
])('%s', (name) => {
  test('is not passed on from the image to commands', () => {
    expect(baseEnvironment({ [name]: 'x' })).not.toHaveProperty(name);
  });

  test('is refused in the environment of a session, without its value', () => {
    expect(() => checkedEnvironment(JSON.stringify({ [name]: 'planted-61ca' }))).toThrow(`the variable "${name}" is set by the platform`);
  });
});

test.each(['LDFLAGS', 'ld_preload', 'XLD_PRELOAD', 'NODE_ENV', 'NODE_EXTRA_CA_CERTS', 'BASH_ENV', 'ENV', 'OPENSSL'])('%s changes nothing of what is loaded', (name) => {
  expect(isLoaderVariable(name)).toBe(false);
});

import * as fc from 'fast-check';
import { hostCovers, hostProblem, portCovers } from '../../src/protocol/hosts';

const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9]$/);
const name = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.'));

function mixedCase(text: string, upper: readonly boolean[]): string {
  return [...text].map((character, index) => (upper[index % upper.length] ? character.toUpperCase() : character)).join('');
}

const casing = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });

describe('a host of a grant', () => {
  test.each(['example.com', '*.example.com', 'intranet', 'a-1.example', 'kubernetes.io', 'svc.example.com'])('may be %s', (host) => {
    expect(hostProblem(host)).toBeUndefined();
  });

  test.each(['', '*', '*.', '*.*.com', 'a..b', '.com', 'Example.com', 'example.com.', 'example.com:443', '127.0.0.1', '127.1', '0x7f000001', '1.2.3.0x4', '[::1]', 'ex ample.com', 'exämple.com'])('may not be %j', (host) => {
    expect(hostProblem(host)).toBe(`host ${JSON.stringify(host)} must be a lower-case host name such as 'api.example.com', `
      + "or '*.example.com' for every name below it; no IP address, no port, no bare wildcard");
  });

  test.each(['localhost', 'x.localhost', 'kubernetes', 'kubernetes.default', 'a.b.svc', 'a.b.svc.cluster.local', 'svc', '*.svc', '*.local', '*.default', '*.cluster.local'])('may not be the internal %j', (host) => {
    expect(hostProblem(host)).toMatch(/^host "[^"]+" must be a host outside the cluster/);
  });

  test('may not be longer than DNS allows', () => {
    expect(hostProblem(`${'a.'.repeat(126)}a`)).toBeUndefined();
    expect(hostProblem(`${'a.'.repeat(126)}aa`)).toContain('must be a lower-case host name');
  });

  test('that is refused covers no name inside the cluster: whatever is accepted and covers one does not exist', () => {
    const internal = fc.constantFrom('localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'web.team.svc.cluster.local');
    fc.assert(fc.property(internal, fc.nat(5), (host, depth) => {
      const parent = host.split('.').slice(depth).join('.');
      for (const grant of [host, `*.${parent}`]) expect(hostProblem(grant) === undefined && hostCovers(grant, host)).toBe(false);
    }));
  });
});

describe('a grant for a host', () => {
  test('covers that host in any case', () => {
    fc.assert(fc.property(name, casing, casing, (host, a, b) => {
      expect(hostCovers(mixedCase(host, a), mixedCase(host, b))).toBe(true);
    }));
  });

  test('does not cover another host', () => {
    fc.assert(fc.property(name, name, (grant, host) => {
      fc.pre(grant !== host);
      expect(hostCovers(grant, host)).toBe(false);
    }));
  });

  test('with a wildcard covers names of any depth below, in any case', () => {
    fc.assert(fc.property(name, fc.array(label, { minLength: 1, maxLength: 4 }), casing, (zone, below, upper) => {
      expect(hostCovers(`*.${zone}`, mixedCase(`${below.join('.')}.${zone}`, upper))).toBe(true);
    }));
  });

  test('with a wildcard never covers the apex', () => {
    fc.assert(fc.property(name, (zone) => {
      expect(hostCovers(`*.${zone}`, zone)).toBe(false);
    }));
  });

  test('with a wildcard covers only what ends in its zone', () => {
    fc.assert(fc.property(name, fc.oneof(name, fc.string()), (zone, host) => {
      if (hostCovers(`*.${zone}`, host)) expect(host.toLowerCase().endsWith(`.${zone}`)).toBe(true);
    }));
  });

  test.each([
    ['*.example.com', 'badexample.com'],
    ['*.example.com', '.example.com'],
    ['*.example.com', 'example.com.evil.org'],
    ['*', 'example.com'],
    ['*.', 'example.'],
    ['*.*.com', 'a.b.com'],
    ['a.*.com', 'a.b.com'],
    ['example.*', 'example.com'],
    ['', 'example.com'],
  ])('%j does not cover %j', (grant, host) => {
    expect(hostCovers(grant, host)).toBe(false);
  });
});

describe('ports of a grant', () => {
  test.each([[undefined], [[]], [[0]], [[443, 0]], [[443]]])('%j cover 443', (ports) => {
    expect(portCovers(ports, 443)).toBe(true);
  });

  test('do not cover a port that is not among them', () => {
    expect(portCovers([443, 8443], 80)).toBe(false);
  });

  test('do not cover "any port" unless they say so', () => {
    expect(portCovers([443], 0)).toBe(false);
  });
});

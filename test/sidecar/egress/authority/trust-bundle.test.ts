import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import type { CertifiedKey } from '../../../../sidecar/src/crypto/certificate-facts';
import * as maker from '../../../../sidecar/src/crypto/self-made-certificate';
import { certificatesIn, MAX_TRUST_BUNDLE, publicRoots, trustBundle } from '../../../../sidecar/src/egress/authority/trust-bundle';
import { InputError } from '../../../../sidecar/src/server/files/input-error';

const FILE = '/etc/upstream-ca.pem';
const NOW = Date.UTC(2030, 0, 1);
const cas: CertifiedKey[] = [];

beforeAll(async () => {
  for (const name of ['one', 'two', 'three']) cas.push(await maker.makeAuthority(name, { now: NOW, notAfter: NOW + 86_400_000 }));
});

const blocks = (bundle: string) => bundle.match(/-----BEGIN[^]*?-----END CERTIFICATE-----\n/g)!;

describe('the bundle', () => {
  test('has the CAs of the platform first, then what was added, then the public ones', () => {
    const bundle = trustBundle({ authorities: [cas[0].cert, cas[1].cert], added: [cas[2].cert], roots: publicRoots() });
    expect(blocks(bundle)).toHaveLength(3 + rootCertificates.length);
    expect(blocks(bundle).slice(0, 3)).toEqual(cas.map(({ cert }) => cert));
    expect(blocks(bundle).join('')).toBe(bundle);
  });

  test('of the roots of Node leaves two thirds of a ConfigMap to others, and each of them can be read', () => {
    const bundle = trustBundle({ authorities: [cas[0].cert, cas[1].cert, cas[2].cert], added: [], roots: publicRoots() });
    expect(Buffer.byteLength(bundle)).toBeLessThan(340 * 1024);
    expect(blocks(bundle).every((cert) => new X509Certificate(cert).ca)).toBe(true);
  });

  test('of equal parts is equal, and has each certificate once, also one that the added file has in another form', () => {
    const [root] = rootCertificates;
    const added = certificatesIn(FILE, `# a public one\r\n${root.replaceAll('\n', '\r\n')}\n${cas[0].cert}`);
    const bundle = () => trustBundle({ authorities: [cas[0].cert], added, roots: publicRoots() });
    expect(bundle()).toBe(bundle());
    expect(blocks(bundle())).toHaveLength(1 + rootCertificates.length);
  });

  test('that a ConfigMap could not hold is refused, with what makes it so large', () => {
    const many = Array.from({ length: 2000 }, (_, index) => cas[0].cert.replace('\nM', `\n${String(index).padStart(8, 'A')}M`));
    const build = (added: readonly string[]) => () => trustBundle({ authorities: [cas[1].cert], added, roots: [] });
    expect(build(many)).toThrow(new RegExp(`^the bundle of 2000 added and 0 public certificates has \\d+ bytes, of at most ${MAX_TRUST_BUNDLE}$`));
    expect(build(many)).toThrow(InputError);
    expect(build(many.slice(0, 1000))).not.toThrow();
  });
});

describe('the certificates of a file', () => {
  test('are in its order, each once, without what is written between them', () => {
    const text = `Subject: two\n${cas[1].cert}\n\n${cas[0].cert}${cas[1].cert}`;
    expect(certificatesIn(FILE, text)).toEqual([cas[1].cert, cas[0].cert]);
  });

  test('that has none of them are those of its one long line', () => {
    const oneLine = cas[0].cert.replace(/(?<!-----)\n(?!-----)/g, '');
    expect(certificatesIn(FILE, oneLine)).toEqual([cas[0].cert]);
  });

  test.each<[string, () => string, RegExp]>([
    ['is empty', () => '', /^\/etc\/upstream-ca\.pem has no certificate in PEM$/],
    ['is of another form', () => 'MIIB planted', /has no certificate in PEM$/],
    ['has a private key', () => `${cas[0].cert}${cas[0].key}`, /PEM block 2 is not a CERTIFICATE; nothing else may be in the file$/],
    ['has a certificate with rules of OpenSSL', () => cas[0].cert.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE'), /PEM block 1 is not a CERTIFICATE/],
    ['has a certificate that is damaged', () => `${cas[1].cert}${cas[0].cert.replace('\nM', '\nplanted')}`, /PEM block 2 is not a certificate that can be read$/],
    ['has a certificate that is cut off', () => `${cas[1].cert}${cas[0].cert.slice(0, 200)}`, /has a PEM block without its end$/],
    ['has a key that is cut off', () => `${cas[1].cert}${cas[0].key.slice(0, 100)}`, /has a PEM block without its end$/],
    ['has a key inside a certificate that is cut off', () => `${cas[0].cert.slice(0, 200)}\n${cas[0].key}`, /has a PEM block without its end$/],
  ])('are refused whole when it %s, and nothing of it is shown', (_, text, problem) => {
    const read = () => certificatesIn(FILE, text());
    expect(read).toThrow(InputError);
    expect(read).toThrow(problem);
    expect(read).not.toThrow(/planted/);
  });
});

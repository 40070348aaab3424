import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogFolders } from './catalog-folders';
import { brokerPolicy, clusterTemplate, file, harnessRun, secret } from '../../documents';

const PLANTED = 'planted-secret-9d1f';
const { root, folder, catalogOf } = catalogFolders();

/** Why a catalog of one file does not open. */
async function problemOf(text: string): Promise<string> {
  const error: Error = await catalogOf(folder({ 'a.yaml': text })).then(() => new Error('it opened'), (reason) => reason);
  expect(error.message).not.toContain(PLANTED);
  return error.message;
}

describe('a catalog does not open over', () => {
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: PLANTED } };
  test.each<[string, string, RegExp]>([
    ['a kind that is not read', file(harnessRun(), deployment), /a\.yaml, document 2: has a kind that is not read here; read are AuditEvent/],
    ['a key that is there twice', `kind: Secret\nkind: ${PLANTED}\n`, /document 1: is not strict YAML or JSON: DUPLICATE_KEY on line 2/],
    ['a key that is there twice in JSON', `{"a": 1, "a": "${PLANTED}"}`, /DUPLICATE_KEY on line 1/],
    ['a key that is there twice as number and text', `1: a\n"1": ${PLANTED}\n`, /DUPLICATE_KEY on line 2/],
    ['a key that is there twice as nothing and text', `~: a\n"": ${PLANTED}\n`, /DUPLICATE_KEY on line 2/],
    ['a key that is an alias', `&k a: 1\n*k : ${PLANTED}\n`, /KEY_NOT_SCALAR on line 2/],
    ['a value that no template engine has filled in', `a: {{ ${PLANTED} }}\n`, /KEY_NOT_SCALAR on line 1/],
    ['broken YAML', `kind: [${PLANTED}`, /is not strict YAML or JSON: \w+ on line/],
    ['a tag of its own', `!${PLANTED} {}`, /is not strict YAML or JSON: TAG_RESOLVE_FAILED on line 1/],
    ['an unknown alias', `a: *${PLANTED}`, /is not strict YAML|has aliases/],
    ['aliases without end', `a: &a [x, x]\nb: &b [${'*a,'.repeat(60)}]\nc: [${'*b,'.repeat(60)}]`, /has aliases that are unknown or too many/],
    ['a text', PLANTED, /is not a Kubernetes object/],
    ['a list', `[${PLANTED}]`, /is not a Kubernetes object/],
    ['a spec with an unknown field', file({ ...harnessRun(), spec: { templateRef: { name: 'x' }, prompt: PLANTED, promt: PLANTED } }), /spec.promt: is not a known field/],
    ['a spec without what is required', file({ ...harnessRun(), spec: { prompt: PLANTED } }), /document 1: spec.templateRef: is required/],
    ['a value that is not allowed', file({ ...harnessRun({}, { phase: PLANTED }) }), /status.phase: must be one of .*Pending/],
    ['another version', file({ ...harnessRun(), apiVersion: 'paddock.dev/v2' }), /apiVersion: must be one of "paddock.dev\/v1alpha1"/],
    ['a name in capitals', file(harnessRun({ name: 'R1' })), /metadata.name: must be an RFC 1123 subdomain/],
    ['no name', file({ ...harnessRun(), metadata: { namespace: 'team-a' } }), /metadata.name: must be a string/],
    ['no namespace', file({ ...harnessRun(), metadata: { name: 'r1' } }), /metadata.namespace: must be a string/],
    ['metadata that is a text', file({ ...harnessRun(), metadata: 'r1' }), /metadata must be an object/],
    ['a namespace for a cluster template', file({ ...clusterTemplate(), metadata: { name: 'c', namespace: 'n' } }), /metadata.namespace: must not be there/],
    ['a UID with blanks', file(harnessRun({ uid: 'a b' })), /metadata.uid/],
    ['an object that is there twice', file(harnessRun(), harnessRun()), /document 2: HarnessRun team-a\/r1 is also in .*document 1/],
    ['a Secret of another version', file({ ...secret({}), apiVersion: 'v2' }), /a Secret must have apiVersion v1/],
    ['a Secret with an unknown field', file({ ...secret({}), [PLANTED]: 1 }), /a Secret has a field that is not known/],
    ['a Secret whose data is a text', file({ ...secret({}), data: PLANTED }), /data must be an object/],
    ['a Secret with a number', file({ ...secret({}), stringData: { token: 12345 } }), /stringData.token: must be a string/],
    ['a Secret with data that is not base64', file({ ...secret({}), data: { token: `${PLANTED}!` } }), /data.token: must be base64/],
    ['a Secret with an impossible key', file(secret({ [`${PLANTED} /`]: 'x' })), /stringData has a key that no Secret can have/],
    ['a Secret that is too large', file(secret({ token: PLANTED.repeat(80_000) })), /holds at most 1048576 bytes/],
    ['a file that is too large', `# ${'x'.repeat(4 * 1024 * 1024)}`, /is larger than 4194304 bytes/],
    ['more documents than are read', '---\na: 1\n'.repeat(10_001), /has more than 10000 documents/],
  ])('%s', async (_, text, problem) => {
    expect(await problemOf(text)).toMatch(problem);
  });

  test('bytes that are not UTF-8', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'a.yaml'), Buffer.from([0xff, 0xfe]));
    await expect(catalogOf(dir)).rejects.toThrow(/a\.yaml: is not UTF-8/);
  });

  test('more files, folders or bytes than are read', async () => {
    const many = folder();
    for (let i = 0; i < 1001; i += 1) writeFileSync(join(many, `${i}.json`), '');
    await expect(catalogOf(many)).rejects.toThrow(/has more than 1000 files/);
    const deep = folder();
    for (let i = 0; i < 32; i += 1) mkdirSync(join(deep, `${i}`));
    await expect(catalogOf(deep)).rejects.toThrow(/has more than 32 folders/);
    const text = `# ${'x'.repeat(4 * 1024 * 1024 - 2)}`;
    await expect(catalogOf(folder({ 'a.yaml': text, 'b.yaml': text, 'c.yaml': text, 'd.yaml': text, 'e.yaml': text }))).rejects.toThrow(/larger than 16777216 bytes/);
  });

  test('an object with several mistakes, of which one is told and the others are counted', async () => {
    expect(await problemOf(file({ ...harnessRun(), spec: { templateRef: { name: 'A' }, prompt: '' } }))).toMatch(/spec\.\S+: .* \(and 1 more\)$/);
  });

  // Where work grew with the square of their number, the time of a test would not do.
  test('very many keys or items', async () => {
    const keys = Array.from({ length: 100_000 }, (_, i) => `k${i}: 1\n`).join('');
    expect(await problemOf(keys)).toMatch(/has a kind that is not read/);
    const methods = Array.from({ length: 50_000 }, (_, i) => `M${i}`);
    expect(await problemOf(file(brokerPolicy({}, { grants: { egress: [{ host: 'a.example', methods }] } })))).toMatch(/methods: must have at most 7 items/);
  }, 120_000);

  test('a link that leads back to itself', async () => {
    const dir = folder();
    symlinkSync('a.yaml', join(dir, 'a.yaml'));
    await expect(catalogOf(dir)).rejects.toThrow(/ELOOP/);
  });

  test('a folder that is not there', async () => {
    await expect(catalogOf(join(root, 'nowhere'))).rejects.toThrow(/ENOENT/);
  });
});

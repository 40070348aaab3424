import { SidecarImage } from '../src';

const DIGEST = `sha256:${'a'.repeat(64)}`;

test('a digest pins the content', () => {
  const image = SidecarImage.fromDigest('registry.example.com:5000/team/agent-platform', DIGEST);
  expect(image).toMatchObject({ reference: `registry.example.com:5000/team/agent-platform@${DIGEST}`, pinned: true });
});

test('a full reference with a digest is taken', () => {
  expect(SidecarImage.fromReference(`example.com/app@${DIGEST}`).pinned).toBe(true);
});

test('a tag is taken only where the caller names the risk', () => {
  expect(SidecarImage.fromMutableTag('example.com/app', 'v1')).toMatchObject({ reference: 'example.com/app:v1', pinned: false });
});

test.each([
  ['example.com/app:v1', /has no digest/],
  ['example.com/app', /fromMutableTag/],
  [`example.com/app:v1@${DIGEST}`, /without tag or digest/],
  ['example.com/app@sha256:abc', /64 lower-case hexadecimal/],
  [`example.com/app@sha256:${'A'.repeat(64)}`, /64 lower-case hexadecimal/],
  [`example.com/app@md5:${'a'.repeat(64)}`, /sha256/],
  [`Example.com/App@${DIGEST}`, /registry path/],
  [`@${DIGEST}`, /registry path/],
])('the reference %s is refused', (reference, message) => {
  expect(() => SidecarImage.fromReference(reference)).toThrow(message);
});

test.each(['', '.hidden', '-x', 'a b', 'x'.repeat(129)])('the tag %j is refused', (tag) => {
  expect(() => SidecarImage.fromMutableTag('example.com/app', tag)).toThrow(/image tag must be/);
});

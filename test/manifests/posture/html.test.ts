import fc from 'fast-check';
import { documentOf, foreignWorkload, waivedWorkload, world } from './worlds';
import { NetworkPeer } from '../../../src';
import { escaped } from '../../../src/manifests/posture/html/markup';
import { postureHtml } from '../../../src/manifests/posture/html/page';
import { STYLE } from '../../../src/manifests/posture/html/style';
import { PostureDocument } from '../../../src/protocol/posture';

const made = world({ metricsFrom: [NetworkPeer.pods({ namespace: 'monitoring', labels: { app: 'prometheus' } })] });
waivedWorkload(made, 'the image needs root');
const document = documentOf(made);
const page = postureHtml(document);
const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);

/** The document with every text replaced, except those that say what something is. */
function withTexts(value: unknown, text: string, key = ''): any {
  if (Array.isArray(value)) return value.map((one) => withTexts(one, text, key));
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withTexts(one, text, name)]));
  return typeof value === 'string' && !['schema', 'kind', 'decision', 'level', 'from', 'to', 'id'].includes(key) ? text : value;
}

describe('the page', () => {
  test('has no script, loads nothing, and forbids both', () => {
    expect(page).toContain("content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\"");
    expect(page).not.toMatch(/<script|<link|<img|<iframe|<object|\son\w+=|\ssrc=|@import|javascript:/i);
    expect([...page.matchAll(/url\(([^)]*)\)/g)].filter(([, target]) => !target.startsWith('#'))).toEqual([]);
  });

  test('leads only to places of itself, which are there', () => {
    const targets = [...page.matchAll(/href="([^"]*)"/g)].map(([, target]) => target);
    expect(targets.length).toBeGreaterThan(10);
    expect(targets.filter((target) => !target.startsWith('#') || !ids.includes(target.slice(1)))).toEqual([]);
  });

  test('has every id once', () => {
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  test('says its language, its title, a heading for each section and a caption for each table', () => {
    expect(page).toContain('<html lang="en">');
    expect(page).toContain('<title>Posture of agent-platform</title>');
    expect(page.match(/<h1>/g)).toHaveLength(1);
    expect(page.match(/<section /g)).toHaveLength(page.match(/<h2 /g)!.length);
    expect(page.match(/<table>/g)).toHaveLength(page.match(/<caption>[^<]/g)!.length);
  });

  test('shows who may use what, which policy allows a flow, and what was waived and why', () => {
    for (const text of ['MODEL_API_KEY', 'api.model.example', 'agent-platform/allow-broker', 'restricted/run-as-non-root', 'the image needs root', 'reviews tokens']) {
      expect(page).toContain(text);
    }
  });

  test('points at what is weaker than the platform makes it by itself', () => {
    const weak = world();
    foreignWorkload(weak, { hostNetwork: true, containers: [{ name: 'a', image: 'a:1' }] });
    const points = postureHtml(documentOf(weak)).split('id="look"')[1].split('id="map"')[0];
    expect(points).toContain('pods of Deployment cache in team-a pass only the Pod Security Standard &#39;privileged&#39;');
    expect(points).toContain('container a of Deployment cache in team-a may write its root file system');
  });

  test('says so when there is nothing to point at', () => {
    const none: PostureDocument = { ...document, pods: [], waivers: [], flows: [] };
    expect(postureHtml(none)).toContain('Nothing is weaker than the platform makes it by itself.');
  });
});

describe('texts that users choose', () => {
  test.each([
    '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)", '</style><script>x</script>', '</title><b>', '<!--', ']]>', '&lt;b&gt;',
  ])('stay text: %s', (text) => {
    const hostile = postureHtml(withTexts(document, text));
    expect(hostile).not.toContain('<script');
    expect(strange(hostile)).toEqual([]);
  });

  test('never add a tag or an attribute, whatever they are', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'<>"\'&/= ab\u202e\u001b'), minLength: 1, maxLength: 12 }), (text) => {
      expect(strange(postureHtml(withTexts(document, text)))).toEqual([]);
    }), { numRuns: 25 });
  });

  test('cannot turn a line round or hide in it', () => {
    expect(escaped('a\u202eb\u0007c\u200bd')).toBe('a\\u202eb\\u0007c\\u200bd');
  });
});

/** Tags with the names of their attributes. */
function tagsOf(html: string): string[] {
  return [...html.replace(/="[^"]*"/g, '=').matchAll(/<([^>]*)>/g)].map(([, tag]) => tag);
}

/** Tags that the page has for no document of ours: what is cut short or left out does not count. */
function strange(html: string): string[] {
  const plain = new Set([...tagsOf(page), ...tagsOf(postureHtml(withTexts(document, 'x')))]);
  return tagsOf(html).filter((tag) => !plain.has(tag));
}

describe('colours', () => {
  const [light, dark] = [...STYLE.matchAll(/:root\{(?:color-scheme[^;]*;)?(--ground[^}]*)\}/g)]
    .map(([, text]) => Object.fromEntries(text.split(';').filter((part) => part !== '').map((part) => part.split(':') as [string, string])));

  /** https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
  function luminance(colour: string): number {
    const digits = colour.length === 4 ? [...colour.slice(1)].map((digit) => digit + digit).join('') : colour.slice(1);
    const [red, green, blue] = [0, 2, 4].map((at) => parseInt(digits.slice(at, at + 2), 16) / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  const contrast = (a: string, b: string) => {
    const [high, low] = [luminance(a), luminance(b)].sort((one, other) => other - one);
    return (high + 0.05) / (low + 0.05);
  };

  const grounds = ['--ground', '--panel', '--part', '--work', '--agent', '--odd', '--out-ground', '--bad-ground', '--good-ground'];
  const pairs: [string, string][] = [
    ...grounds.map((ground): [string, string] => ['--text', ground]),
    ...['--ground', '--panel', '--part', '--work', '--agent', '--odd'].flatMap((ground): [string, string][] => [['--soft', ground], ['--link', ground]]),
    ['--out', '--out-ground'], ['--out', '--panel'], ['--out', '--part'], ['--out', '--work'], ['--out', '--odd'], ['--good', '--panel'], ['--bad', '--panel'], ['--bad', '--odd'],
  ];

  test.each([['light', light], ['dark', dark]])('of the %s scheme give texts a contrast of 4.5 to 1', (_, colours) => {
    expect(Object.keys(colours).length).toBeGreaterThan(20);
    expect(pairs.filter(([text, ground]) => contrast(colours[text], colours[ground]) < 4.5).map((pair) => [...pair, contrast(colours[pair[0]], colours[pair[1]]).toFixed(2)].join(' '))).toEqual([]);
  });

  test('are each defined in both schemes', () => {
    expect(Object.keys(dark)).toEqual(Object.keys(light));
    const used = new Set([...STYLE.matchAll(/var\((--[\w-]+)\)/g)].map(([, name]) => name));
    expect([...used].filter((name) => light[name] === undefined)).toEqual([]);
  });
});

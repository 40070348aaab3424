import { readFileSync } from 'node:fs';
import { openApiText } from '../../../../sidecar/src/broker/openapi/openapi';
import { schemasOf } from '../../../../sidecar/src/broker/openapi/openapi-types';
import { BROKER_ROUTES, BROKER_STATUS } from '../../../../src/protocol/broker-api';

const COMMITTED = readFileSync('docs/reference/openapi/broker.json', 'utf8');
const document = JSON.parse(COMMITTED);

test('the committed document is the one that the tables make; `npx projen openapi` writes it', () => {
  expect(COMMITTED).toBe(openApiText(schemasOf(readFileSync('src/protocol/broker-api.ts', 'utf8'))));
});

test('every route is there with a body and an answer, and no other', () => {
  expect(Object.keys(document.paths)).toEqual(Object.values(BROKER_ROUTES));
  for (const [path, { post }] of Object.entries<{ post: { requestBody: { content: object }; responses: object } }>(document.paths)) {
    expect([path, Object.keys(post.requestBody.content)]).toEqual([path, ['application/json']]);
    expect([path, Object.keys(post.responses)[0]]).toEqual([path, expect.stringMatching(/^20[04]$/)]);
  }
});

test('every code is among the refusals of its statuses', () => {
  for (const [code, statuses] of Object.entries<readonly number[]>(BROKER_STATUS)) {
    for (const status of statuses) {
      expect(document.components.responses[`refused${status}`].content['application/json'].schema.properties.code.enum).toContain(code);
    }
  }
});

test('every reference leads somewhere', () => {
  const references = [...COMMITTED.matchAll(/"\$ref": "#\/([^"]+)"/g)].map(([, path]) => path);
  const missing = references.filter((path) => path.split('/').reduce((at, part) => at?.[part], document) === undefined);
  expect(missing).toEqual([]);
  expect(references.length).toBeGreaterThan(0);
});

describe('interfaces', () => {
  test('become schemas with their comments', () => {
    const source = `/** A thing. */ interface Thing extends Base {
        readonly kind: Kind; readonly map?: Readonly<Record<string, string>>;
        /** Many. */
        readonly list: readonly Part[]
      }
      interface Base { readonly id: number } interface Part { readonly on: boolean; readonly at?: { readonly x: string } } type Kind = 'a' | 'b';`;
    expect(schemasOf(source).get('Thing')).toEqual({
      type: 'object',
      description: 'A thing.',
      required: ['id', 'kind', 'list'],
      properties: {
        id: { type: 'number' },
        kind: { type: 'string', enum: ['a', 'b'] },
        map: { type: 'object', additionalProperties: { type: 'string' } },
        list: {
          type: 'array',
          description: 'Many.',
          items: { type: 'object', required: ['on'], properties: { on: { type: 'boolean' }, at: { type: 'object', required: ['x'], properties: { x: { type: 'string' } } } } },
        },
      },
    });
  });

  test.each([
    ['a method', 'interface A { do(): void }'],
    ['a union of types', 'interface A { readonly a: string | number }'],
    ['a type that is not there', 'interface A { readonly a: Elsewhere }'],
    ['a tuple', 'interface A { readonly a: [string] }'],
  ])('with %s are refused', (_name, source) => {
    expect(() => schemasOf(source)).toThrow(/has no form for|there is no interface/);
  });
});

import { ApiStandIn, failureOf, json } from './api-stand-in';
import type { KubeClient } from '../../../sidecar/src/kube/client';
import type { KubeError } from '../../../sidecar/src/kube/kube-error';

const EVENTS = { group: 'paddock.dev', version: 'v1alpha1', plural: 'auditevents', namespace: 'team-a' };
const META = { name: 'ae-1', uid: 'u', creationTimestamp: '2026-05-04T09:00:00Z' };

let api: ApiStandIn;
let client: KubeClient;

beforeEach(async () => {
  api = await new ApiStandIn().start();
  client = api.client();
});

afterEach(() => api.close());

function answers(status: number, body: unknown, headers: Record<string, string> = {}): void {
  api.answer = (response) => {
    response.sendDate = false;
    json(response, status, body, headers);
  };
}

describe('a page without content', () => {
  test('is asked for as such, and has metadata, where to go on and the time of the API server', async () => {
    answers(200, { metadata: { continue: 'next' }, items: [{ metadata: META, spec: { planted: true } }] }, { date: 'Mon, 04 May 2026 09:00:07 GMT' });
    expect(await client.listMetadata(EVENTS, { limit: 2, continue: 'here' })).toEqual({ items: [META], continue: 'next', time: Date.parse('2026-05-04T09:00:07Z') });
    expect(api.arrived.map(({ method, url, headers }) => [method, url, headers.accept])).toEqual([
      ['GET', '/apis/paddock.dev/v1alpha1/namespaces/team-a/auditevents?limit=2&continue=here', 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'],
    ]);
  });

  test.each([[{}], [{ date: 'soon' }]])('has no time when the answer has none: %j', async (headers: Record<string, string>) => {
    answers(200, { metadata: { continue: '' }, items: [] }, headers);
    expect(await client.listMetadata(EVENTS, { limit: 2 })).toEqual({ items: [] });
  });

  test('of nothing has null in place of items', async () => {
    answers(200, { metadata: {}, items: null });
    expect(await client.listMetadata(EVENTS, { limit: 2 })).toEqual({ items: [] });
  });

  test.each([[{}], [{ metadata: {} }], [{ items: null }], [{ metadata: {}, items: [{}] }], [{ metadata: {}, items: [{ metadata: { uid: 'u' } }] }], [[]]])('is refused when it is none: %j', async (body) => {
    answers(200, body);
    expect(await failureOf(client.listMetadata(EVENTS, { limit: 2 }))).toMatch(/^Unavailable the answer (is not a list|has what is no object) of Kubernetes$/);
  });
});

describe('a list that is too old', () => {
  const failure = async () => client.listMetadata(EVENTS, { limit: 2 }).catch((error: KubeError) => error) as Promise<KubeError>;

  test('says where it goes on', async () => {
    answers(410, { reason: 'Expired', metadata: { continue: 'next' } });
    expect(await failure()).toMatchObject({ code: 'Gone', continue: 'next' });
  });

  test.each([[{ metadata: { continue: '' } }], [{ metadata: { continue: 7 } }], [{ metadata: [] }], [{}], ['text']])('does not when the answer does not: %j', async (body) => {
    answers(410, body);
    expect([(await failure()).code, (await failure()).continue]).toEqual(['Gone', undefined]);
  });
});

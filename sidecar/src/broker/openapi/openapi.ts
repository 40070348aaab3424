import type { JsonSchema } from './openapi-types';
import { BROKER_ROUTES, BROKER_STATUS, RUN_HEADER, RUN_NAMESPACE_HEADER, RUN_UID_HEADER } from '../../../../src/protocol/broker-api';
import { BROKER_AUDIENCE } from '../../../../src/protocol/names';
import { PORTS } from '../../../../src/protocol/ports';
import * as bodies from '../routes/body-schemas';

/**
 * The broker's API as OpenAPI, from the tables that the server itself works by: routes, schemas of bodies, codes. `types`
 * are the interfaces of the protocol by name. https://spec.openapis.org/oas/v3.1.1
 */
export function openApiDocument(types: ReadonlyMap<string, JsonSchema>): object {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Broker of cdk8s-agent-platform',
      version: 'v1',
      description: 'Issues bearers in place of credentials, answers egress questions, and exchanges bearers for credentials.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{
      url: `https://broker.{namespace}.svc:${PORTS['broker-api']}`,
      variables: { namespace: { default: 'agent-platform', description: 'namespace of the platform' } },
    }],
    security: [{ serviceAccountToken: [] }],
    paths: Object.fromEntries(Object.entries(BROKER_ROUTES).map(([name, url]) => [url, { post: operation(name, types) }])),
    components: {
      securitySchemes: {
        serviceAccountToken: { type: 'http', scheme: 'bearer', description: `a ServiceAccount token with the audience ${BROKER_AUDIENCE}` },
      },
      parameters: {
        run: header(RUN_HEADER, 'name of the run; not needed where the body proves on whose behalf the request is'),
        runNamespace: header(RUN_NAMESPACE_HEADER, "namespace of the run; the caller's own when it is left out"),
        runUid: header(RUN_UID_HEADER, 'UID that the run must have, which revocation does not ask for; when it is left out, the run that has the name now is meant'),
      },
      responses: refusals(),
    },
  };
}

/** As it is committed. */
export function openApiText(types: ReadonlyMap<string, JsonSchema>): string {
  return `${JSON.stringify(openApiDocument(types), null, 2)}\n`;
}

function operation(name: string, types: ReadonlyMap<string, JsonSchema>): object {
  const response = types.get(`${name[0].toUpperCase()}${name.slice(1)}Response`);
  return {
    operationId: name,
    parameters: ['run', 'runNamespace', 'runUid'].map((parameter) => ({ $ref: `#/components/parameters/${parameter}` })),
    requestBody: { required: true, content: { 'application/json': { schema: bodyOf(name) } } },
    responses: {
      ...(response === undefined
        ? { 204: { description: 'done; there is nothing to tell' } }
        : { 200: { description: 'the answer', content: { 'application/json': { schema: response } } } }),
      ...Object.fromEntries(statuses().map((status) => [status, { $ref: `#/components/responses/${refusalName(status)}` }])),
    },
  };
}

/** Schemas are named after the routes, so a route without one is noticed. */
function bodyOf(route: string): JsonSchema {
  const name = `${route.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}_BODY`;
  const schema = (bodies as Readonly<Record<string, JsonSchema | undefined>>)[name];
  if (schema === undefined) throw new Error(`route ${route} has no schema ${name}`);
  return schema;
}

function header(name: string, description: string): object {
  return { name, in: 'header', required: false, description, schema: { type: 'string' } };
}

function refusals(): object {
  return Object.fromEntries(statuses().map((status) => {
    const codes = Object.entries<readonly number[]>(BROKER_STATUS).filter(([, allowed]) => allowed.includes(status)).map(([code]) => code);
    return [refusalName(status), {
      description: `refused: ${codes.join(', ')}`,
      content: {
        'application/json': {
          schema: { type: 'object', required: ['code', 'message'], properties: { code: { type: 'string', enum: codes }, message: { type: 'string' } } },
        },
      },
    }];
  }));
}

function statuses(): number[] {
  return [...new Set(Object.values<readonly number[]>(BROKER_STATUS).flat())].sort((a, b) => a - b);
}

function refusalName(status: number): string {
  return `refused${status}`;
}

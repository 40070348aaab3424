import { labelName, namespaceName, time } from '../../../../src/protocol/resources/common';
import { templateIdentity } from '../../../../src/protocol/resources/harness-run-status';
import { MAX_TOKEN_LENGTH } from '../../crypto/sealed-token';

/**
 * Schemas of request bodies: https://json-schema.org/draft-07. A field that is not listed is refused, so that a
 * client learns of its mistake instead of getting an answer to half of its question.
 */

/** A host may end in a dot, and everything odd about it is refused with a reason of its own. */
const host = { type: 'string', minLength: 1, maxLength: 254 } as const;
const port = { type: 'integer', minimum: 1, maximum: 65535 } as const;

/** Bearers are up to 8 KiB, base64 of a user and one is a third longer. */
const carrier = { type: 'string', maxLength: 16 * 1024 } as const;

/** What proves on whose behalf a request is. */
const proof = {
  egressToken: { type: 'string', minLength: 1, maxLength: MAX_TOKEN_LENGTH },
  clientAddress: { type: 'string', minLength: 1, maxLength: 45 },
} as const;

const label = { type: 'string', minLength: 1, maxLength: labelName.maxLength, pattern: labelName.pattern } as const;
const namespace = { type: 'string', minLength: 1, maxLength: namespaceName.maxLength, pattern: namespaceName.pattern } as const;
const moment = { type: 'string', maxLength: time.maxLength, pattern: time.pattern } as const;
const credential = { type: 'string', minLength: 1, maxLength: 253 } as const;

const { name: templateName, kind: templateKind, imageDigest } = templateIdentity.properties;
const template = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'kind'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: templateName.maxLength, pattern: templateName.pattern },
    kind: { type: 'string', enum: templateKind.enum },
    imageDigest: { type: 'string', maxLength: imageDigest.maxLength },
    shadows: { type: 'boolean' },
  },
} as const;

export const ISSUE_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: { name: credential, template, egressToken: proof.egressToken },
} as const;

export const VALIDATE_EGRESS_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['host', 'port'],
  properties: { host, port, ...proof },
} as const;

export const SUBSTITUTE_AUTH_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['host', 'port'],
  properties: {
    host,
    port,
    incomingAuthorization: carrier,
    incomingXApiKey: carrier,
    method: { type: 'string', minLength: 1, maxLength: 32, pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" },
    path: { type: 'string', minLength: 1, maxLength: 16 * 1024 },
    query: { type: 'string', maxLength: 16 * 1024 },
    ...proof,
    headers: { type: 'object', maxProperties: 128, propertyNames: { maxLength: 256 }, additionalProperties: carrier },
  },
} as const;

export const ISSUE_EGRESS_BODY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    session: {
      type: 'object',
      additionalProperties: false,
      required: ['namespace', 'pool', 'id', 'podUID', 'podIPs', 'notAfter'],
      properties: {
        namespace,
        pool: label,
        id: label,
        podUID: { type: 'string', minLength: 1, maxLength: 128, pattern: '^[!-~]+$' },
        // Without an address the token would be good from anywhere.
        podIPs: { type: 'array', minItems: 1, maxItems: 16, items: { type: 'string', minLength: 2, maxLength: 45 } },
        template: label,
        notAfter: moment,
      },
    },
  },
} as const;

export const RENEW_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['names'],
  properties: { names: { type: 'array', minItems: 1, maxItems: 32, uniqueItems: true, items: credential } },
} as const;

export const REVOKE_BODY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    provider: { type: 'string', maxLength: 64 },
    leaseId: { type: 'string', maxLength: 128 },
    credentialName: { type: 'string', maxLength: 253 },
    session: {
      type: 'object', additionalProperties: false, required: ['namespace', 'id', 'notAfter'], properties: { namespace, id: label, notAfter: moment },
    },
  },
} as const;

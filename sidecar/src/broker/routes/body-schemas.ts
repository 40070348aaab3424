/**
 * Schemas of request bodies: https://json-schema.org/draft-07. A field that is not listed is refused, so that a
 * client learns of its mistake instead of getting an answer to half of its question.
 */

/** A host may end in a dot, and everything odd about it is refused with a reason of its own. */
const host = { type: 'string', minLength: 1, maxLength: 254 } as const;
const port = { type: 'integer', minimum: 1, maximum: 65535 } as const;

/** Bearers are up to 8 KiB, base64 of a user and one is a third longer. */
const carrier = { type: 'string', maxLength: 16 * 1024 } as const;

export const ISSUE_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: { name: { type: 'string', minLength: 1, maxLength: 253 } },
} as const;

export const VALIDATE_EGRESS_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['host', 'port'],
  properties: { host, port },
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
    headers: { type: 'object', maxProperties: 128, propertyNames: { maxLength: 256 }, additionalProperties: carrier },
  },
} as const;

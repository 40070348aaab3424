import { rows, text, texts } from './fields';
import { schema, TypeOf } from '../schema/types';

/**
 * What a node of the network map is. `foreign` are pods in the platform's namespaces that it did not
 * make; `place` is whatever is outside of them.
 */
export const PARTY_KINDS = ['agents', 'foreign', 'part', 'place', 'workers'] as const;

export const namespace = schema({
  type: 'object',
  required: ['name', 'made'],
  properties: {
    name: text,
    made: { type: 'boolean', description: 'whether the Namespace object is part of the app' },
    enforces: { type: 'string', maxLength: 128, description: 'Pod Security level and version that admission enforces; missing where the app does not say' },
  },
});

export const party = schema({
  type: 'object',
  required: ['id', 'title', 'kind', 'members'],
  properties: {
    id: text,
    title: text,
    kind: { type: 'string', enum: PARTY_KINDS },
    role: text,
    namespace: text,
    members: rows(schema({
      type: 'object',
      description: 'of a place: the pods and networks that the policies name',
      required: ['peer', 'except'],
      properties: { peer: text, except: texts },
    })),
  },
});

/** `rule`: these policies allow it. `open`: no policy isolates the pods. `outside`: nothing of this app decides there. */
export const END_DECISIONS = ['open', 'outside', 'rule'] as const;

const end = schema({
  type: 'object',
  required: ['decision', 'policies'],
  properties: { decision: { type: 'string', enum: END_DECISIONS }, policies: texts },
});

export const flow = schema({
  type: 'object',
  required: ['from', 'to', 'ports', 'sender', 'receiver', 'rows'],
  properties: {
    from: { type: 'string', description: 'id of a party' },
    to: { type: 'string', description: 'id of a party' },
    ports: { type: 'array', maxItems: 1024, description: "such as 'TCP 443' or 'UDP 1-65535'", items: text },
    sender: end,
    receiver: end,
    rows: rows(schema({
      type: 'object',
      description: 'rows of the flow table that it belongs to; none when no row has it',
      required: ['id', 'why'],
      properties: { id: text, why: text },
    })),
  },
});

export type PostureNamespace = TypeOf<typeof namespace>;
export type PostureParty = TypeOf<typeof party>;
export type PostureFlow = TypeOf<typeof flow>;
export type PostureEnd = TypeOf<typeof end>;

import { account, credential, egress, policy, waiver } from './posture/access';
import { rows, text, texts } from './posture/fields';
import { flow, namespace, party } from './posture/network';
import { pods } from './posture/pods';
import { schema, TypeOf } from './schema/types';
import { problemsOf } from './schema/validate';

export type { PostureAccount, PostureCredential, PostureEgress, PostureHolder, PosturePolicy, PostureRight, PostureWaiver } from './posture/access';
export type { PostureEnd, PostureFlow, PostureNamespace, PostureParty } from './posture/network';
export type { PostureContainer, PosturePods } from './posture/pods';

/** Version of the document. A reader refuses every other one: half understood, a posture misleads. */
export const POSTURE_SCHEMA = 'cdk8s-agent-platform/posture/v1';

/** Names of the two files. */
export const POSTURE_FILES = { html: 'posture.html', json: 'posture.json' } as const;

/** Longest file that is read as a posture document, in bytes. */
export const MAX_POSTURE_BYTES = 64 * 1024 * 1024;

const document = schema({
  type: 'object',
  required: ['schema', 'platform', 'namespaces', 'parties', 'flows', 'pods', 'accounts', 'credentials', 'egress', 'policies', 'waivers', 'unknown'],
  properties: {
    schema: { type: 'string', enum: [POSTURE_SCHEMA] },
    platform: text,
    namespaces: rows(namespace),
    parties: rows(party),
    flows: rows(flow),
    pods: rows(pods),
    accounts: rows(account),
    credentials: rows(credential),
    egress: rows(egress),
    policies: rows(policy),
    waivers: rows(waiver),
    unknown: texts,
  },
});

/**
 * What a platform lets happen, as its manifests say: who reaches whom, who may use what, how pods run. All
 * lists are sorted. It has neither times, construct paths nor the content of any Secret.
 */
export type PostureDocument = TypeOf<typeof document>;

/** What keeps a value from being a posture document, one line each, with the field; empty when it is one. */
export function postureProblems(value: unknown): string[] {
  const found = (value as { schema?: unknown } | null | undefined)?.schema;
  if (typeof found === 'string' && found !== POSTURE_SCHEMA) return [`schema is '${found}', and this version reads '${POSTURE_SCHEMA}' only`];
  return problemsOf(document, value, '');
}

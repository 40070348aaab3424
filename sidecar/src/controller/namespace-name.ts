import { schema } from '../../../src/protocol/schema/types';

/** Name of a namespace. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names */
export const namespaceName = schema({
  type: 'string',
  minLength: 1,
  maxLength: 63,
  pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$',
  patternMessage: "must be an RFC 1123 label (lower-case letters, digits and '-')",
});

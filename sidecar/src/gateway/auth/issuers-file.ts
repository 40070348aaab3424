import { schema } from '../../../../src/protocol/schema/types';
import { problemsOf } from '../../../../src/protocol/schema/validate';
import type { IssuerEntry, IssuersFile } from '../../../../src/protocol/session-pools';
import { InputError } from '../../server/files/input-error';
import { jsonOfFile } from '../../server/files/json-of-file';
import { readText } from '../../server/files/read-file';

const MAX_BYTES = 256 * 1024;
const MAX_ISSUERS = 32;

const path = schema({ type: 'string', minLength: 2, maxLength: 4096, pattern: '^/', patternMessage: 'must be an absolute path' });
const role = schema({ type: 'string', minLength: 1, maxLength: 256 });

const file = schema({
  type: 'object',
  required: ['issuers'],
  properties: {
    issuers: {
      type: 'array',
      minItems: 1,
      maxItems: MAX_ISSUERS,
      items: {
        type: 'object',
        required: ['issuer', 'audience', 'kind'],
        properties: {
          issuer: { type: 'string', minLength: 1, maxLength: 512 },
          audience: { type: 'string', minLength: 1, maxLength: 512 },
          kind: { type: 'string', enum: ['oidc', 'kubernetes'] },
          jwksFile: path,
          caFile: path,
          roleClaim: role,
          requiredRole: role,
          adminRole: role,
        },
      },
    },
  },
});

/** The issuers of a file. Nothing in it is secret, so messages show values. */
export async function readIssuers(name: string): Promise<readonly IssuerEntry[]> {
  return issuersIn(name, await readText(name, MAX_BYTES));
}

export function issuersIn(name: string, text: string): readonly IssuerEntry[] {
  const value = jsonOfFile(name, text);
  const [problem] = problemsOf(file, value, '');
  if (problem !== undefined) throw new InputError(`${name}: ${problem}`);
  const { issuers } = value as IssuersFile;
  for (const [index, entry] of issuers.entries()) {
    const wrong = entryProblem(entry) ?? (issuers.findIndex(({ issuer }) => issuer === entry.issuer) < index ? 'issuer: is there twice' : undefined);
    if (wrong !== undefined) throw new InputError(`${name}: issuers[${index}].${wrong}`);
  }
  // Accounts of the same name would be the same owner.
  if (issuers.filter(({ kind }) => kind === 'kubernetes').length > 1) throw new InputError(`${name}: issuers must have at most one of kind kubernetes`);
  return issuers;
}

function entryProblem({ issuer, roleClaim, requiredRole, adminRole }: IssuerEntry): string | undefined {
  if (!isIssuer(issuer)) return `issuer: must be an https URL without user, query and fragment, got ${JSON.stringify(issuer)}`;
  // A role that is looked for nowhere would let nobody in, or never make an admin.
  if (roleClaim === undefined && (requiredRole !== undefined || adminRole !== undefined)) return 'roleClaim: is required by requiredRole and adminRole';
  return undefined;
}

/** https://openid.net/specs/openid-connect-core-1_0.html#IDToken; owners are `<issuer>#<sub>`, so it has no `#` of its own. */
function isIssuer(text: string): boolean {
  if (!URL.canParse(text) || /[\s?#]/.test(text)) return false;
  const { protocol, username, password } = new URL(text);
  return protocol === 'https:' && username === '' && password === '';
}

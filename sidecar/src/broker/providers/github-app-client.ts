import type { KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { excess, TokenScope } from './github-scope';
import { Http, HttpAnswer, HttpFailure } from './http';
import { MintedToken, MintFailure } from './token-cache';
import { fieldsOf } from '../../server/text/fields';

export interface Installation {
  /** REST API without a final slash. */
  readonly endpoint: string;
  readonly appId: string;
  readonly installationId: string;
  readonly privateKey: KeyObject;
}

/** Clocks of servers differ: GitHub recommends a minute. */
const ISSUED_BEFORE = 60;

/** GitHub refuses more than ten minutes ahead of its own clock. https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app */
const VALID_FOR = 9 * 60;

/** GitHub's longest wait is an hour, when the limit of requests is used up. */
const LONGEST_WAIT = 60 * 60;

/** Asks GitHub for an installation token. Rejects with a `MintFailure`, which never holds anything of the answer's body. */
export async function mintToken(http: Http, installation: Installation, scope: TokenScope, now: number): Promise<MintedToken> {
  const { endpoint, installationId } = installation;
  const answer = await http({
    method: 'POST',
    url: `${endpoint}/app/installations/${installationId}/access_tokens`,
    headers: {
      'authorization': `Bearer ${await appToken(installation, now)}`,
      'accept': 'application/vnd.github+json',
      'content-type': 'application/json',
      'user-agent': 'cdk8s-agent-platform',
      'x-github-api-version': '2022-11-28',
    },
    body: JSON.stringify(bodyOf(scope)),
  }).catch((error: unknown) => {
    throw new MintFailure(`${endpoint} gave no token: ${error instanceof HttpFailure ? error.message : 'the request could not be sent'}`);
  });
  if (answer.status !== 201) throw new MintFailure(`${endpoint} answered ${answer.status} to the request for a token`, waitOf(answer, now));
  return minted(endpoint, answer, scope, now);
}

/** What the App shows of itself. https://www.rfc-editor.org/rfc/rfc7519 */
function appToken({ appId, privateKey }: Installation, now: number): Promise<string> {
  const seconds = Math.floor(now / 1000);
  return new SignJWT()
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuer(appId)
    .setIssuedAt(seconds - ISSUED_BEFORE)
    .setExpirationTime(seconds + VALID_FOR)
    .sign(privateKey);
}

function bodyOf({ repositories, permissions }: TokenScope): object {
  return { permissions, ...(repositories.length === 0 ? {} : { repositories: repositories.map(({ repo }) => repo) }) };
}

function minted(endpoint: string, { body }: HttpAnswer, scope: TokenScope, now: number): MintedToken {
  const { token, expires_at: expires, permissions, repositories } = fieldsOf(body) ?? {};
  const expiresAt = typeof expires === 'string' ? Date.parse(expires) : NaN;
  const malformed = typeof token !== 'string' || !/^[!-~]{1,4096}$/.test(token) || !(expiresAt > now);
  const problem = malformed ? 'has no token that is valid now' : excess(scope, permissions, repositories);
  if (malformed || problem !== undefined) throw new MintFailure(`the answer of ${endpoint} ${problem}`);
  return { token, expiresAt };
}

/** Milliseconds that GitHub wants us to wait. https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
function waitOf({ headers }: HttpAnswer, now: number): number {
  const seconds = Number(headers['retry-after'] ?? NaN);
  const reset = headers['x-ratelimit-remaining'] === '0' ? Number(headers['x-ratelimit-reset'] ?? NaN) - now / 1000 : NaN;
  const wait = [seconds, reset].find((one) => one > 0) ?? 0;
  return Math.min(wait, LONGEST_WAIT) * 1000;
}

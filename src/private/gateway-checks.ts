import { resourceProblems } from './quantities';
import { integerProblem, objectNameProblem, problems } from './validation';
import { GatewayAuthentication, IssuerKind, TokenIssuer } from '../gateway-authentication';
import { GatewayLimits, GatewayOptions } from '../gateway-options';
import { CpuScalingOptions, GatewayScaling } from '../gateway-scaling';
import { MountedIssuer } from '../manifests/gateway-pod';
import { CpuScaling } from '../manifests/workload';
import { GATEWAY_ENV } from '../protocol/env';

/** Replicas of a Deployment are not limited by Kubernetes; more than this is a typing error. */
const MOST_REPLICAS = 100;

/** What is wrong with the gateway of a platform. */
export function gatewayProblems({ authentication, tlsSecretName, scaling, limits, resources }: GatewayOptions): string[] {
  return [
    ...authenticationProblems(authentication ?? GatewayAuthentication.apiKeys()),
    ...problems(tlsSecretName === undefined ? undefined : objectNameProblem('tlsSecretName', tlsSecretName)),
    ...scalingProblems(scaling ?? GatewayScaling.cpu()),
    ...limitProblems(limits),
    ...resourceProblems(resources),
    ...problems(
      scaling?._replicas === undefined && resources !== undefined && resources.cpu?.request === undefined
        ? 'resources.cpu.request must be given with GatewayScaling.cpu(), whose aim is a part of it' : undefined,
    ),
  ];
}

function authenticationProblems({ _issuers: issuers, _apiKeys: apiKeys }: GatewayAuthentication): string[] {
  const names = (issuers ?? []).map(({ issuer }) => issuer);
  return [
    ...problems(
      issuers?.length === 0 ? 'issuers must name one or more; GatewayAuthentication.anonymous() lets everybody in' : undefined,
      apiKeys?.secretName === undefined ? undefined : objectNameProblem('apiKeys.secretName', apiKeys.secretName),
    ),
    ...(issuers ?? []).flatMap((issuer, index) => issuerProblems(`issuers[${index}]`, issuer)),
    ...problems(...names.map((name, index) => (names.indexOf(name) === index ? undefined : `issuers[${index}] is ${name}, which is there already`))),
    ...problems(accountsProblem(issuers ?? [])),
  ];
}

/** Accounts of two clusters may have the same name, and would have each other's sessions. */
function accountsProblem(issuers: readonly TokenIssuer[]): string | undefined {
  const clusters = issuers.filter(({ kind }) => kind === IssuerKind.KUBERNETES).map(({ issuer }) => issuer);
  if (clusters.length < 2) return undefined;
  return `issuers may have one of IssuerKind.KUBERNETES, that of this cluster, got ${clusters.join(', ')}; those of other clusters are of IssuerKind.OIDC`;
}

const LONGEST_TEXT = 512;

function issuerProblems(at: string, { issuer, audience, jwks, ca, roleClaim, requiredRole, adminRole }: TokenIssuer): string[] {
  const role = requiredRole ?? adminRole;
  return problems(
    isIssuer(issuer) ? undefined : `${at}.issuer must be an https URL without query and fragment, at most ${LONGEST_TEXT} characters, got ${JSON.stringify(issuer)}`,
    textProblem(`${at}.audience`, audience),
    jwks && objectNameProblem(`${at}.jwks.name`, jwks.name),
    jwks && keyProblem(`${at}.jwks.key`, jwks.key),
    ca && objectNameProblem(`${at}.ca.name`, ca.name),
    ca && keyProblem(`${at}.ca.key`, ca.key),
    jwks !== undefined && ca !== undefined ? `${at}.ca has no effect with jwks: then nothing is fetched` : undefined,
    roleClaim === undefined ? undefined : textProblem(`${at}.roleClaim`, roleClaim),
    requiredRole === undefined ? undefined : textProblem(`${at}.requiredRole`, requiredRole),
    adminRole === undefined ? undefined : textProblem(`${at}.adminRole`, adminRole),
    role !== undefined && roleClaim === undefined ? `${at}.roleClaim must say where the role '${role}' is` : undefined,
    roleClaim !== undefined && role === undefined ? `${at}.roleClaim has no effect without requiredRole or adminRole` : undefined,
  );
}

/** https://openid.net/specs/openid-connect-core-1_0.html#IDToken */
function isIssuer(text: string): boolean {
  if (text.length > LONGEST_TEXT || !URL.canParse(text)) return false;
  const url = new URL(text);
  return url.protocol === 'https:' && url.username === '' && url.password === '' && !text.includes('?') && !text.includes('#');
}

function textProblem(name: string, text: string): string | undefined {
  if (text.length > 0 && text.length <= LONGEST_TEXT && !/[\p{Cc}]/u.test(text)) return undefined;
  return `${name} must be 1 to ${LONGEST_TEXT} characters without control characters, got ${JSON.stringify(text)}`;
}

/** https://kubernetes.io/docs/concepts/configuration/configmap/#configmap-object */
export function keyProblem(name: string, key: string): string | undefined {
  if (key.length <= 253 && /^[-._a-zA-Z0-9]+$/.test(key) && key !== '.' && !key.startsWith('..')) return undefined;
  return `${name} must be the key of an entry (letters, digits, '-', '_' and '.', at most 253 characters), got ${JSON.stringify(key)}`;
}

function scalingProblems({ _replicas: replicas, _cpu: cpu }: GatewayScaling): string[] {
  if (replicas !== undefined) return problems(integerProblem('scaling replicas', replicas, 1, MOST_REPLICAS));
  const { minReplicas, maxReplicas, targetUtilization } = cpuScaling(cpu);
  return problems(
    integerProblem('scaling.minReplicas', minReplicas, 1, MOST_REPLICAS),
    integerProblem('scaling.maxReplicas', maxReplicas, 1, MOST_REPLICAS),
    minReplicas <= maxReplicas ? undefined : `scaling.maxReplicas must be at least minReplicas, ${minReplicas}, got ${maxReplicas}`,
    integerProblem('scaling.targetUtilization', targetUtilization, 1, 100),
  );
}

export function cpuScaling({ minReplicas = 2, maxReplicas = 10, targetUtilization = 70 }: CpuScalingOptions = {}): CpuScaling {
  return { minReplicas, maxReplicas, targetUtilization };
}

function limitProblems({ requestsPerSecond, concurrentPerClient, concurrent }: GatewayLimits = {}): string[] {
  const within = (name: string, value: number | undefined, [min, max]: readonly [number, number]) => (
    value === undefined ? undefined : integerProblem(name, value, min, max));
  return problems(
    within('limits.requestsPerSecond', requestsPerSecond, GATEWAY_ENV.REQUESTS_PER_SECOND.range),
    within('limits.concurrentPerClient', concurrentPerClient, GATEWAY_ENV.CONCURRENT_PER_CLIENT.range),
    within('limits.concurrent', concurrent, GATEWAY_ENV.CONCURRENT.range),
  );
}

/** Variables of the gateway for the limits that differ from its defaults. */
export function gatewayLimitSettings({ requestsPerSecond, concurrentPerClient, concurrent }: GatewayLimits = {}): Record<string, string> {
  const limits = { REQUESTS_PER_SECOND: requestsPerSecond, CONCURRENT_PER_CLIENT: concurrentPerClient, CONCURRENT: concurrent };
  return Object.fromEntries(Object.entries(limits).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));
}

/** The issuers as the gateway reads them; none when everybody is let in. */
export function mountedIssuers({ _issuers: issuers = [] }: GatewayAuthentication): MountedIssuer[] {
  return issuers.map(({ issuer, audience, kind = IssuerKind.OIDC, jwks, ca, roleClaim, requiredRole, adminRole }) => ({
    entry: {
      issuer,
      audience,
      kind,
      ...(roleClaim === undefined ? {} : { roleClaim }),
      ...(requiredRole === undefined ? {} : { requiredRole }),
      ...(adminRole === undefined ? {} : { adminRole }),
    },
    ...(jwks === undefined ? {} : { jwks: { name: jwks.name, key: jwks.key } }),
    ...(ca === undefined ? {} : { ca: { name: ca.name, key: ca.key } }),
  }));
}

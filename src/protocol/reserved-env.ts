/**
 * Names of environment variables that the platform sets in agent pods. A user's variable or a
 * credential with such a name would steer the agent around the egress proxy or its CA.
 */
export const RESERVED_ENV_PREFIX = 'PADDOCK_';

const PROXY_VARIABLES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY'];

/** Where programs look for the CA bundle. */
export const CA_VARIABLES = [
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'AWS_CA_BUNDLE',
  'PIP_CERT',
  'CARGO_HTTP_CAINFO',
  'DENO_CERT',
  'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH',
] as const;

/** What leads programs to the egress proxy, and makes them trust it; proxy variables in both cases, because programs differ in which one they read. */
export const WAY_OUT_ENV: readonly string[] = [
  ...PROXY_VARIABLES,
  ...PROXY_VARIABLES.map((name) => name.toLowerCase()),
  ...CA_VARIABLES,
  'NODE_USE_ENV_PROXY',
  'JAVA_TOOL_OPTIONS',
  'EGRESS_BASE_URL',
];

export const RESERVED_ENV: readonly string[] = [...WAY_OUT_ENV, 'HOME', 'USER', 'LOGNAME', 'NODE_OPTIONS', 'LD_PRELOAD', 'LD_LIBRARY_PATH'];

/** A name that every shell and language can read. */
export const ENV_NAME_PATTERN = '^[A-Za-z_][A-Za-z0-9_]*$';

export function isReservedEnv(name: string): boolean {
  return name.startsWith(RESERVED_ENV_PREFIX) || RESERVED_ENV.includes(name);
}

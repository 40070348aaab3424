/**
 * The HTTP API of the session daemon as PicoD's clients know it. Init is that of AgentCube's two-stage proposal,
 * https://github.com/volcano-sh/agentcube/pull/352, plus the challenge of `GET /init`. Fields and claims marked
 * additive are ours; clients that do not send or read them work unchanged. Times in seconds, sizes in bytes.
 */

export const SESSION_ROUTES = {
  health: '/health',
  /** `GET` is additive: what an init token has to name. */
  init: '/init',
  execute: '/api/execute',
  files: '/api/files',
} as const;

/** Every error code with the statuses it may travel with, the usual one first. */
export const SESSION_STATUS = {
  /** The file system does not allow it. */
  ACCESS_DENIED: [403],
  /** The name is taken. */
  ALREADY_EXISTS: [409],
  /** A session has been pinned, and it is another one or has another key. */
  ALREADY_INITIALIZED: [409],
  AUTHORIZATION_MALFORMED: [401],
  AUTHORIZATION_MISSING: [401],
  /** Malformed body, header or method. */
  BAD_REQUEST: [400, 405, 408, 413, 415, 417, 431],
  /** The init token is for another boot of the daemon, or for none where one must be named. */
  BOOT_ID_MISMATCH: [401],
  /** A variable of the request has a name that it may not have. */
  COMMAND_ENV_REFUSED: [400],
  /** No session has been pinned since the daemon started. */
  DAEMON_NOT_INITIALIZED: [503],
  /** The folder to list is not there. */
  DIRECTORY_NOT_FOUND: [404],
  FILE_NOT_FOUND: [404],
  /** The program that starts commands has ended, and with it all commands. */
  HELPER_GONE: [503],
  /** The environment of the session is not covered by the token, cannot be opened, or names what it may not. */
  INIT_ENV_REFUSED: [400],
  INIT_MALFORMED: [400, 413, 415],
  /** Signed by nobody who may, or not a token at all. */
  INIT_SIGNATURE_INVALID: [401],
  /** Well signed, but a claim does not fit. */
  INIT_TOKEN_REFUSED: [401],
  /** A defect of ours. */
  INTERNAL: [500],
  /** A part of the path is a file, or the whole where a folder is needed. */
  NOT_A_DIRECTORY: [400],
  /** A folder, where a file is needed. */
  NOT_A_FILE: [400],
  /** A folder that has something in it is removed only with `recursive`. */
  NOT_EMPTY: [409],
  NOT_FOUND: [404],
  /** The volume is full; what was there before is as it was. */
  NO_SPACE: [507],
  /** The path leads out of the workspace, or to what is no plain file. */
  PATH_REFUSED: [400],
  RANGE_NOT_SATISFIABLE: [416],
  /** The session key is not one on P-256. The status is the proposal's. */
  SESSION_KEY_REFUSED: [500],
  /** The request's token is not of this session, or its time is over. */
  TOKEN_REFUSED: [401],
  /** The file is longer than files may be. */
  TOO_LARGE: [413],
  /** As many commands run and wait as may, or as many bodies wait to be read. */
  TOO_MANY_COMMANDS: [429],
  /** Too many init tokens with a bad signature; others are not counted. */
  TOO_MANY_INITS: [429],
  /** The daemon is starting or stopping, or knows no bootstrap key yet. */
  UNAVAILABLE: [503],
} as const satisfies Readonly<Record<string, readonly number[]>>;

export type SessionCode = keyof typeof SESSION_STATUS;

/** Texts that clients know, by code. Other errors say what is wrong. */
export const SESSION_ERROR_TEXTS: Readonly<Partial<Record<SessionCode, string>>> = {
  ALREADY_INITIALIZED: 'session already initialized',
  AUTHORIZATION_MALFORMED: 'Invalid Authorization header format',
  AUTHORIZATION_MISSING: 'Missing Authorization header',
  BOOT_ID_MISMATCH: 'bootstrap token verification failed',
  DAEMON_NOT_INITIALIZED: 'Daemon not initialized',
  DIRECTORY_NOT_FOUND: 'Directory not found',
  FILE_NOT_FOUND: 'File not found',
  INIT_ENV_REFUSED: 'invalid session environment',
  INIT_MALFORMED: 'invalid request format',
  INIT_SIGNATURE_INVALID: 'bootstrap token verification failed',
  INIT_TOKEN_REFUSED: 'bootstrap token verification failed',
  SESSION_KEY_REFUSED: 'failed to initialize session key',
  TOKEN_REFUSED: 'Invalid token',
  TOO_LARGE: 'request body too large',
  TOO_MANY_INITS: 'too many initialization requests',
};

/** The one code that travels as `code` itself; elsewhere `code` is the status. */
export const NOT_INITIALIZED = 'DAEMON_NOT_INITIALIZED' satisfies SessionCode;

export interface SessionErrorBody {
  readonly error: string;
  /** The HTTP status as a number, or `DAEMON_NOT_INITIALIZED`. */
  readonly code: number | typeof NOT_INITIALIZED;
  /** Additive. */
  readonly reason: SessionCode;
  /** What exactly is wrong. Never holds a secret. */
  readonly detail: string;
}

/** A public key on P-256 as a JWK: https://www.rfc-editor.org/rfc/rfc7518#section-6.2 */
export interface P256Jwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

/** Answer of `GET /init`. Both keys end with the process, so a restart makes every earlier init token worthless. */
export interface InitChallenge {
  readonly bootId: string;
  /** What the environment of a session is encrypted to. */
  readonly publicKey: P256Jwk;
  readonly initialized: boolean;
  readonly sessionId?: string;
  /** RFC 7638 thumbprint of the session key. */
  readonly keyThumbprint?: string;
}

export interface InitRequest {
  /** JWS by a bootstrap key, ES256 or RS256. */
  readonly token: string;
  /**
   * Additive: the environment of the session, a JSON object of texts as compact JWE (ECDH-ES+A256KW, A256GCM) to the
   * `publicKey` of the challenge.
   */
  readonly env?: string;
}

export const INITIALIZED = 'initialized successfully';

/** Answer of `POST /init`, the same when it is repeated. Fields but `status` are additive. */
export interface InitResponse {
  readonly status: typeof INITIALIZED;
  readonly bootId: string;
  readonly sessionId: string;
  /** RFC 7638 thumbprint of the session key: the proof that the daemon holds this one. */
  readonly keyThumbprint: string;
}

export interface InitClaims {
  readonly iss: typeof INIT_ISSUER;
  /** Session id. */
  readonly sub: string;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  /** PEM of the SubjectPublicKeyInfo of a key on P-256. */
  readonly session_public_key: string;
  /** Additive: `bootId` of the challenge. */
  readonly boot_id?: string;
  /** Additive: UID of the pod. */
  readonly pod_uid?: string;
  /** Additive: SHA-256 of `env` as it is sent, as base64url without padding. */
  readonly env_sha256?: string;
  /** Additive: RFC 7638 thumbprint of `publicKey` of the challenge. */
  readonly boot_key_thumbprint?: string;
}

/** Claims of the tokens of requests, ES256 by the session key. */
export interface RequestClaims {
  readonly iss: typeof REQUEST_ISSUER;
  readonly session_id: string;
  readonly exp: number;
  readonly iat?: number;
  readonly nbf?: number;
}

/** Answer of `GET /health`, also before init. */
export interface HealthResponse {
  readonly status: 'ok';
  readonly service: typeof PICOD.service;
  readonly version: string;
  /** A duration as Go writes it. */
  readonly uptime: string;
  /** Additive. */
  readonly initialized: boolean;
  /** Additive: whether commands are started by the native helper; without it the daemon is slower. */
  readonly nativeHelper: boolean;
}

/** Name and version of the API, which clients read as those of the server. */
export const PICOD = { service: 'PicoD', version: '0.0.1' } as const;

export const INIT_ISSUER = 'agentcube-workload-manager';
export const REQUEST_ISSUER = 'agentcube-router';

/** Key in the folder `AGENT_TRUST_DIR`, and of the ConfigMap that it is mounted from. */
export const BOOTSTRAP_JWKS = 'bootstrap-jwks.json';

/** Key in the same place: the authorities that sign what the egress proxy shows. */
export const CA_BUNDLE = 'ca-bundle.pem';

/** Longest time between `iat` and `exp` of an init token. */
export const INIT_TOKEN_SECONDS = 120;

/** Longest time between `iat` and `exp` of a request's token. AgentCube's router signs for half of it. */
export const REQUEST_TOKEN_SECONDS = 600;

/** Clocks may differ by less. */
export const CLOCK_LEEWAY_SECONDS = 60;

/** Session ids are also values of labels and parts of paths. */
export const SESSION_ID_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$';

/** Longest token of either kind. */
export const MAX_SESSION_TOKEN = 8 * 1024;

/** Names and values of the environment of a session together, in UTF-8. */
export const MAX_ENV_BYTES = 64 * 1024;
export const MAX_ENV_VARIABLES = 256;

/** Longest `env`: the environment as JSON, encrypted and as base64url. */
export const MAX_ENV_TOKEN = 96 * 1024;
export const MAX_INIT_BODY = MAX_ENV_TOKEN + MAX_SESSION_TOKEN + 1024;

/** Init tokens with a bad signature from one address, each second and at once. */
export const BAD_INIT_RATE = { perSecond: 2, burst: 5 } as const;

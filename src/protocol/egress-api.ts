import { BEARER_PREFIX } from './broker-api';

/**
 * What clients of the egress proxy see. It speaks HTTP/1.1, and inside of tunnels that end there
 * HTTP/2 too (https://www.rfc-editor.org/rfc/rfc9113), as https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6
 * (CONNECT) and https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2 (absolute-form) have it; the base-URL listener takes
 * `/<host>[:<port>]/<path>` instead. Sizes in bytes, times in milliseconds.
 */

/** Every error code with the statuses it may travel with, the usual one first. The body of an error is `EgressErrorBody`. */
export const EGRESS_STATUS = {
  /** The host has an address that nobody is led to: private, link-local, of the cluster. */
  ADDRESS_REFUSED: [403],
  /** Malformed header, method or framing. */
  BAD_REQUEST: [400, 405, 408, 411, 413, 417, 431, 505],
  /** The request line names no destination. */
  BAD_TARGET: [400, 414],
  /** A bearer of ours is where none may travel: in a body, another header, to another host. */
  BEARER_MISPLACED: [403],
  /** Base-URL listener: the request shows no bearer of ours. */
  BEARER_MISSING: [401],
  /** The broker gives no usable answer. */
  BROKER_FAILED: [502],
  /** The real credential was in the answer of the upstream. */
  CREDENTIAL_IN_ANSWER: [502],
  /** The broker refuses to exchange the bearer. */
  CREDENTIAL_REFUSED: [403],
  /** `Host` or `:authority` is not the host that the connection is for. */
  HOST_MISMATCH: [421],
  /** No policy lets connections to the host and port out. */
  HOST_NOT_ALLOWED: [403],
  /** A defect of ours. */
  INTERNAL: [500],
  /** DNS knows no address of the host, or does not answer. */
  NAME_UNRESOLVED: [502, 504],
  /** A port to which nobody may connect, whatever the policies say. */
  PORT_REFUSED: [403],
  /** There is no run token in the request, or what is there has not the form of one. */
  PROXY_AUTH_REQUIRED: [407],
  SERVER_OVERLOADED: [503],
  /** The token is not one of the broker, has expired, or is used from elsewhere. No 407: a client would only show it again. */
  TOKEN_REFUSED: [403],
  /** Of this run, open at once. */
  TOO_MANY_CONNECTIONS: [429],
  /** Of this run, each second. */
  TOO_MANY_REQUESTS: [429],
  /** Starting or stopping. */
  UNAVAILABLE: [503],
  /** The upstream refuses or ends the connection, or answers with what is no HTTP. */
  UPSTREAM_FAILED: [502],
  UPSTREAM_TIMEOUT: [504],
  /** The upstream's certificate is not one that is trusted for the host. */
  UPSTREAM_UNTRUSTED: [502],
} as const satisfies Readonly<Record<string, readonly number[]>>;

export type EgressCode = keyof typeof EGRESS_STATUS;

export interface EgressErrorBody {
  readonly code: EgressCode;
  readonly message: string;
}

/** Many clients show nothing of the body that refuses a CONNECT, so the code is in a header too. */
export const EGRESS_CODE_HEADER = 'x-agent-platform-code';

/** The run token, as Basic: `<run>:<token>`. Never forwarded. https://www.rfc-editor.org/rfc/rfc9110#section-11.7.2 */
export const PROXY_AUTHORIZATION = 'proxy-authorization';

/** The headers of an answer with 407. https://www.rfc-editor.org/rfc/rfc7617#section-2 */
export const PROXY_CHALLENGE = { 'proxy-authenticate': 'Basic realm="agent-platform"' } as const;

/** A run token: a compact JWE behind the prefix of bearers and its kind. */
export const RUN_TOKEN_PATTERN = `^${BEARER_PREFIX}[a-z0-9]+-[A-Za-z0-9_-]+(?:[.][A-Za-z0-9_-]*){4}$`;
export const MAX_RUN_TOKEN = 8 * 1024;

/**
 * Nobody connects to them, whatever the policies say. 25 carries mail between servers, and takes it from anybody; clients
 * hand in mail by 465 and 587 with a password, which are left to policies. https://www.rfc-editor.org/rfc/rfc8314#section-3.3
 */
export const REFUSED_PORTS: readonly number[] = [25];

/** Of requests over the base-URL listener, unless the path names another. */
export const BASE_URL_PORT = 443;
/** Of plain requests. */
export const HTTP_PORT = 80;

/** Longest request line and headers of a request: room for the longest run token in Basic, and for what clients send besides. */
export const MAX_EGRESS_HEADERS = 32 * 1024;
export const MAX_EGRESS_TARGET = 16 * 1024;

/** Longest ClientHello with the record headers around it. Those with post-quantum key shares have about 2 KiB. */
export const MAX_CLIENT_HELLO = 16 * 1024;

/** From the answer to CONNECT to the end of the ClientHello. */
export const HELLO_TIMEOUT = 10_000;
/** To resolve a host; to connect to one address of it; to finish TLS with the upstream or the client. */
export const RESOLVE_TIMEOUT = 5_000;
export const DIAL_TIMEOUT = 10_000;
export const TLS_TIMEOUT = 10_000;
/** For what a client still sends after its answer: who closes on unread bytes takes the answer away from it. */
export const LINGER_TIMEOUT = 5_000;
/** Without a byte in either direction. */
export const IDLE_TIMEOUT = 300_000;

/** Open at once, tunnels and requests together. */
export const MAX_CONNECTIONS_PER_RUN = 256;
/** Begun in a second, tunnels and requests together; twice as many at once. */
export const EGRESS_RATE = 100;
/** Of one address, before anybody knows whose it is. */
export const MAX_SOCKETS_PER_ADDRESS = 512;
/** Of all runs. Each takes up to 80 KiB while its TLS ends here. */
export const MAX_EGRESS_SOCKETS = 4_096;

/** A body that has to be whole before it is sent, as its signature covers it. */
export const MAX_SIGNED_BODY = 10 * 1024 * 1024;
/** From the head of its request to its last byte. */
export const SIGNED_BODY_TIMEOUT = 60_000;
/** Of all such bodies together, of all runs. */
export const MAX_HELD_BODIES = 96 * 1024 * 1024;
/** So much of an answer is searched for the credential that was put into the request. */
export const SEARCHED_ANSWER = 64 * 1024;

/** Longest time for which an answer of the broker is used: the delay with which a revocation reaches an open tunnel. */
export const LONGEST_VERDICT = 10_000;
/** An open tunnel whose answer is over ends when no other one comes within this time. */
export const REVALIDATION_TIMEOUT = 5_000;

/** How a connection or request went through the proxy; for logs and metrics. */
export const EGRESS_MODES = ['tunnel', 'intercepted', 'plain', 'base-url'] as const;
export type EgressMode = (typeof EGRESS_MODES)[number];

/** `DESTINATIONS_FILE`. */
export interface DestinationsFile {
  /** Networks of the cluster's pods, Services and nodes that are not private anyway. @default - none */
  readonly clusterRanges?: readonly string[];
  /** What may be reached at a private address all the same. @default - nothing */
  readonly privateDestinations?: readonly PrivateDestination[];
}

/** A host, as grants name it, and the network in which its addresses may be. */
export interface PrivateDestination {
  readonly host: string;
  readonly cidr: string;
}

/** Why a tunnel ended that was open already, so that no status could tell; for the log. */
export const TUNNEL_ENDS = [
  /** By client or upstream, as usual. */
  'CLOSED',
  'CLIENT_RESET',
  'UPSTREAM_RESET',
  /** What the client sent is no ClientHello that may pass. */
  'HELLO_REFUSED',
  'HELLO_TIMEOUT',
  /** The ClientHello asks for another host than CONNECT did. */
  'SERVER_NAME_MISMATCH',
  'IDLE',
  /** The broker does not allow it any more. */
  'REVOKED',
  /** The broker did not say whether it still allows it. */
  'NOT_REVALIDATED',
  'SHUTDOWN',
] as const;
export type TunnelEnd = (typeof TUNNEL_ENDS)[number];

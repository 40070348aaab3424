/** HTTP methods that a grant may name. TRACE is missing: it echoes the credential that the proxy put in. */
export enum HttpMethod {
  /** GET */
  GET = 'GET',
  /** HEAD */
  HEAD = 'HEAD',
  /** POST */
  POST = 'POST',
  /** PUT */
  PUT = 'PUT',
  /** PATCH */
  PATCH = 'PATCH',
  /** DELETE */
  DELETE = 'DELETE',
  /** OPTIONS */
  OPTIONS = 'OPTIONS',
}

/** Lets runs connect to a host. */
export interface EgressGrant {
  /**
   * Host name in lower case, such as `api.example.com`. `*.example.com` covers every name below
   * `example.com` but not `example.com` itself. Addresses and names inside the cluster are refused.
   */
  readonly host: string;

  /**
   * Ports, each from 1 to 65535, but not 25. The network lets the proxy out on 80, on 443 and on those that policies of the app name.
   * @default - every port that the network lets out
   */
  readonly ports?: number[];

  /**
   * HTTP methods. They are enforced on connections that the egress proxy can read into.
   * @default - every method
   */
  readonly methods?: HttpMethod[];

  /**
   * URL paths, each beginning with `/`; with `*` at its end a path covers all that begin with the text before it.
   * They are enforced on connections that the egress proxy can read into.
   * @default - every path
   */
  readonly paths?: string[];
}

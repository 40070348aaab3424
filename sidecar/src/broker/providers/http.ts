/** A request to a server outside the cluster, over HTTPS. */
export interface HttpRequest {
  readonly method: 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/**
 * Sends a request and resolves with whatever the server answers, redirects included, which are not followed.
 * Rejects with an `HttpFailure` when there is no answer that can be used.
 */
export type Http = (request: HttpRequest) => Promise<HttpAnswer>;

/** Why there is no answer, in our own words: those of others may quote what was sent. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
}

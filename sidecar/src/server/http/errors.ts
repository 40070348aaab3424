/** Error codes of a role with the statuses each may travel with, the usual one first. */
export type StatusTable = Readonly<Record<string, readonly number[]>>;
export type CodeOf<Table extends StatusTable> = keyof Table & string;

/**
 * The closed table of a role, and which of its codes stand for what the frame itself
 * refuses. A status that the table does not list for the code is answered with the usual one.
 */
export interface FrameErrors {
  readonly table: StatusTable;
  /** A request that cannot be understood: 400, 405, 408, 413, 415, 431 as far as listed. */
  readonly malformed: string;
  readonly unknownPath: string;
  /** Too many refusals. */
  readonly limited: string;
  /** Took too long, or is closing. */
  readonly unavailable: string;
  /** A defect of ours; nothing about it is told. */
  readonly unexpected: string;
  /**
   * The body of a refusal.
   * @default - code and message
   */
  readonly body?: (refusal: ApiError) => object;
}

/** The same, written by a role: the compiler sees that every code is of the table. */
export type RoleErrors<Table extends StatusTable = StatusTable> = Pick<FrameErrors, 'body'> & {
  readonly [Field in Exclude<keyof FrameErrors, 'body'>]: Field extends 'table' ? Table : CodeOf<Table>
};

export interface RefusalOptions<Status extends number = number> {
  readonly status?: Status;
  /** For the `Retry-After` header. */
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** A refusal that the client may read. The text never holds a secret, nor what a client sent as one. */
export class ApiError<Code extends string = string> extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(table: StatusTable, readonly code: Code, message: string, options: RefusalOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ApiError';
    const allowed = Object.hasOwn(table, code) ? table[code] : [];
    if (allowed.length === 0) throw new TypeError(`the table of errors has no code ${code}`);
    this.status = options.status ?? allowed[0];
    if (!allowed.includes(this.status)) throw new TypeError(`${code} travels with ${allowed.join(' or ')}, not with ${this.status}`);
    this.headers = {
      ...options.headers,
      ...(options.retryAfterSeconds === undefined ? {} : { 'retry-after': String(options.retryAfterSeconds) }),
    };
  }
}

/**
 * Makes refusals of one table: `const refuse = refusals(BROKER_STATUS); throw refuse('PolicyMissing', '...')`.
 * Codes and their statuses are checked by the compiler, and again when one is made.
 */
export function refusals<Table extends StatusTable>(table: Table) {
  return <Code extends CodeOf<Table>>(code: Code, message: string, options?: RefusalOptions<Table[Code][number]>): ApiError<Code> =>
    new ApiError(table, code, message, options);
}

/** What is known of an error that Fastify or Node made. */
interface FrameError {
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly message?: unknown;
  readonly validation?: readonly { readonly keyword: string; readonly params: Readonly<Record<string, unknown>> }[];
}

/** Of the JSON reader; and of Node, when a client goes away in the middle of a body. */
const FRAME_CODES: readonly string[] = ['BODY_NOT_JSON', 'ECONNRESET'];

/** Any thrown value as a refusal of the role's table. What is not ours to tell becomes a generic text. */
export function toApiError(errors: FrameErrors, thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  const error: FrameError = typeof thrown === 'object' && thrown !== null ? thrown : {};
  const status = typeof error.statusCode === 'number' ? error.statusCode : 500;
  const known = typeof error.code === 'string' && (error.code.startsWith('FST_') || FRAME_CODES.includes(error.code));
  if (known && status >= 400 && status < 500) return listed(errors, errors.malformed, status, textOf(error), thrown);
  if (known && status === 503) return listed(errors, errors.unavailable, status, 'no answer in time; try again', thrown);
  return listed(errors, errors.unexpected, 500, 'the request could not be served', thrown);
}

/** A refusal with the wanted status if the table lists it, else with the code's usual one. */
export function listed(
  errors: FrameErrors, code: string, wanted: number, message: string, cause?: unknown, headers?: Readonly<Record<string, string>>,
): ApiError {
  const status = errors.table[code]?.includes(wanted) === true ? wanted : undefined;
  return new ApiError(errors.table, code, message, { status, cause, headers });
}

const LONGEST_NAME = 64;

/** In place of texts that repeat the path, in which somebody may have put a token, or that say nothing. */
const TEXTS: Readonly<Record<string, string>> = {
  FST_ERR_BAD_URL: 'the path is not valid',
  FST_ERR_MAX_PARAM_LENGTH: 'a part of the path is too long',
  FST_ERR_CTP_BODY_TOO_LARGE: 'the body is too long',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'the body is not as long as its header says',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'the content type is not valid',
  ECONNRESET: 'the body ended early',
};

/** The validator says that a field is unknown, but not which. */
function textOf(error: FrameError): string {
  const known = TEXTS[String(error.code)];
  if (known !== undefined) return known;
  const field = error.validation?.[0]?.params.additionalProperty;
  const text = String(error.message);
  return typeof field === 'string' ? `${text}: ${JSON.stringify(field.slice(0, LONGEST_NAME))}` : text;
}

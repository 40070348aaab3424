/** Why something was not done, in the words of the gateway or of the session. */
export class SessionError extends Error {
  override readonly name = 'SessionError';

  /**
   * A code to decide by, such as `POOL_EMPTY`, `SESSION_NOT_FOUND` or `FILE_NOT_FOUND`: those of the gateway and those of the
   * session daemon. Two are the client's own: `CONNECTION_FAILED`, and `ANSWER_BROKEN` for an answer that ended early or
   * is not what it should be.
   */
  public readonly code: string;

  /** The HTTP status, 0 when there was no answer or it broke off. */
  public readonly status: number;

  /** When it makes sense to ask again. */
  public readonly retryAfterSeconds?: number;

  constructor(code: string, status: number, message: string, options: { readonly retryAfterSeconds?: number; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = status;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** The error that a refusal stands for. A proxy in between may answer with anything. */
export async function errorOf(answer: Response): Promise<SessionError> {
  const fields = fieldsOf(await answer.text().catch(() => ''));
  const retryAfter = answer.headers.get('retry-after') ?? '';
  return refusalError(fields, answer.status, /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : undefined);
}

/** The gateway has a text as `code`; the session daemon a number, and its code as `reason`. */
export function refusalError(fields: Readonly<Record<string, unknown>>, status: number, retryAfterSeconds?: number): SessionError {
  const code = [fields.reason, fields.code].find((one) => typeof one === 'string') ?? `HTTP_${status}`;
  const text = [fields.detail, fields.message, fields.error].find((one) => typeof one === 'string') ?? `the answer has status ${status}`;
  return new SessionError(code as string, status, text as string, { retryAfterSeconds });
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value as Readonly<Record<string, unknown>> : {};
  } catch {
    return {};
  }
}

import { validateHeaderName, validateHeaderValue } from 'node:http';
import { BrokerFailure } from './broker-failure';
import type { SubstituteAuthResponse, ValidateEgressResponse } from '../../../../src/protocol/broker-api';
import { fieldsOf, isFields } from '../../server/text/fields';

/** Whether a field is not there, or is what it has to be. */
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const isNumber: Check = (value) => typeof value === 'number';
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isTextMap: Check = (value) => isFields(value) && Object.values(value).every(isText);
const isHeaders: Check = (value) => isFields(value) && Object.entries(value).every(([name, text]) => typeof text === 'string' && isHeader(name, text));

const VALIDATE_FIELDS: Readonly<Record<keyof ValidateEgressResponse, Check>> = {
  allowed: isFlag,
  matchedPolicy: isText,
  reason: isText,
  substituteAuth: isFlag,
  discoveryAllow: isFlag,
  validForSeconds: isNumber,
  auditId: isText,
};

const SUBSTITUTE_FIELDS: Readonly<Record<keyof SubstituteAuthResponse, Check>> = {
  setHeaders: isHeaders,
  removeHeaders: isTexts,
  allowedHeaders: isTexts,
  allowedQueryParams: isTexts,
  setQueryParams: isTextMap,
  auditId: isText,
};

export function validateAnswer(text: string): ValidateEgressResponse {
  const answer = answerIn<ValidateEgressResponse>(text, VALIDATE_FIELDS);
  if (answer.allowed === undefined) throw unusable();
  return answer;
}

export function substituteAnswer(text: string): SubstituteAuthResponse {
  return answerIn<SubstituteAuthResponse>(text, SUBSTITUTE_FIELDS);
}

/** The known fields of an answer; null stands for absent, as in Go's JSON. What it holds is never told: it may be a credential. */
function answerIn<Answer>(text: string, checks: Readonly<Record<keyof Answer & string, Check>>): Answer {
  const body = fieldsOf(text);
  if (body === undefined) throw unusable();
  const fields = Object.entries<Check>(checks).filter(([name]) => body[name] !== undefined && body[name] !== null);
  if (!fields.every(([name, check]) => check(body[name]))) throw unusable();
  return Object.fromEntries(fields.map(([name]) => [name, body[name]])) as Answer;
}

/** A line break in a header would be another header. */
function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

function unusable(): BrokerFailure {
  return new BrokerFailure('Unavailable', 'the broker answered with what is no answer');
}

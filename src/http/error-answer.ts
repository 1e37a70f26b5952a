import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { z } from "zod";
import { ERRORS, WuxingError, type ErrorCode, type Problem } from "../model/errors.ts";

/** The one place where a code of the table of errors becomes a status. */
const STATUS_OF = {
  AREA_INVALID: 422,
  AREA_NOT_FOUND: 404,
  AREA_EXISTS: 409,
  AREA_WITHDRAWN: 409,
  PLACE_NOT_FOUND: 404,
  PLACE_OPERATION_INVALID: 422,
  SLOT_NOT_FOUND: 404,
  DUTY_INVALID: 422,
  PLACE_OPERATION_NOT_FOUND: 404,
  DUTY_NOT_FOUND: 404,
  RULE_INVALID: 422,
  DRY_RUN_NOT_FOUND: 404,
  REPORT_FONT_MISSING: 503,
  VEHICLE_NOT_FOUND: 404,
  GATE_NOT_FOUND: 404,
  LOCK_NOT_FOUND: 404,
  LOCK_ENDED: 409,
  PERSON_NOT_FOUND: 404,
  ARRIVAL_NOT_FOUND: 404,
  CASE_NOT_FOUND: 404,
  CASE_CHANGED: 409,
  CASE_ACTION_INVALID: 409,
  CASE_NOT_YOURS: 403,
  CASE_TYPE_INVALID: 500,
  ATTACHMENT_INVALID: 422,
  ATTACHMENT_NOT_FOUND: 404,
  NOTICE_NOT_FOUND: 404,
  LINK_INVALID: 404,
  NOT_SIGNED_IN: 401,
  SIGN_IN_FAILED: 401,
  CODE_NEEDED: 401,
  CODE_WRONG: 422,
  PASSWORD_CODE_INVALID: 422,
  PASSKEY_INVALID: 422,
  IDENTITY_UNLINKED: 403,
  FORBIDDEN: 403,
  PURPOSE_NEEDED: 403,
  TOO_MANY: 429,
  ADDRESS_NOT_FOUND: 404,
  KEY_INVALID: 401,
  INPUT_INVALID: 400,
  CITY_INVALID: 500,
  CONFIG_INVALID: 500,
  PLATFORM_UNREACHABLE: 502,
  PORT_IN_USE: 500,
  DATA_LOCKED: 503,
  DATA_UNREADABLE: 503,
  STORE_UNAVAILABLE: 503,
  OVERLOADED: 503,
  INTERNAL: 500,
} as const satisfies Record<ErrorCode, number>;

/** The body of every answer that is not a success. */
export const errorSchema = z.object({
  code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
  message: z.object({ zh: z.string(), en: z.string() }),
  /** What exactly, in English; null when the sentence says it all. */
  detail: z.string().nullable(),
  problems: z.array(z.object({ where: z.string(), value: z.string().optional(), expected: z.string() })),
});
export type ErrorBody = z.infer<typeof errorSchema>;

declare module "fastify" {
  interface FastifyContextConfig {
    /** The code for a body that does not fit its schema; INPUT_INVALID when not given. */
    invalidBody?: ErrorCode;
  }
}

/** Makes every error of the server an answer in the one form, and logs those that are the program's own. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError | WuxingError, request, reply) => {
    if (error instanceof WuxingError) {
      if (error.retryAfterS !== undefined) void reply.header("retry-after", String(error.retryAfterS));
      if (STATUS_OF[error.code] >= 500) request.log.error({ err: error }, "request failed");
      return send(reply, STATUS_OF[error.code], error.code, detailOf(error), error.problems);
    }
    if (hasZodFastifySchemaValidationErrors(error)) {
      const code =
        error.validationContext === "body"
          ? (request.routeOptions.config.invalidBody ?? "INPUT_INVALID")
          : "INPUT_INVALID";
      const part = error.validationContext ?? "request";
      const problems = error.validation.flatMap((issue) => problemsOf(issue as ZodIssue, request, part));
      return send(reply, STATUS_OF[code], code, null, problems);
    }
    const status = error.statusCode ?? 500;
    if (status >= 400 && status < 500) return send(reply, status, "INPUT_INVALID", error.message, []);
    request.log.error({ err: error }, "request failed");
    return send(reply, 500, "INTERNAL", null, []);
  });
}

export function sendNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return send(reply, 404, "ADDRESS_NOT_FOUND", `${request.method} ${request.url.slice(0, 200)}`, []);
}

export function errorBody(code: ErrorCode, detail: string | null, problems: readonly Problem[] = []): ErrorBody {
  const { zh, en } = ERRORS[code];
  return { code, message: { zh, en }, detail, problems: [...problems] };
}

function send(
  reply: FastifyReply,
  status: number,
  code: ErrorCode,
  detail: string | null,
  problems: readonly Problem[],
): FastifyReply {
  if (ERRORS[code].retryable && !reply.hasHeader("retry-after")) void reply.header("retry-after", "2");
  const body = JSON.stringify(errorBody(code, detail, problems));
  return reply.code(status).type("application/json; charset=utf-8").send(body);
}

/** A WuxingError's message is its code's sentence, a colon and the detail. */
function detailOf(error: WuxingError): string | null {
  const sentence = ERRORS[error.code].en;
  return error.message.startsWith(`${sentence}: `) ? error.message.slice(sentence.length + 2) : null;
}

interface ZodIssue {
  keyword: string;
  instancePath: string;
  message: string;
  params: Record<string, unknown>;
}

function problemsOf(issue: ZodIssue, request: FastifyRequest, part: string): Problem[] {
  const path = issue.instancePath.split("/").filter((name) => name !== "");
  const given = part === "body" ? request.body : part === "querystring" ? request.query : request.params;
  const parent = path.slice(0, -1).reduce<unknown>(member, given);
  const at = [part, ...path].join(".");
  const unknown = issue.params["keys"];
  if (issue.keyword === "unrecognized_keys" && Array.isArray(unknown)) {
    return unknown.map((key) => ({ where: `${at}.${String(key)}`, expected: "no such field" }));
  }
  const value = path.length === 0 ? undefined : member(parent, path.at(-1)!);
  const options = issue.params["values"];
  const expected = Array.isArray(options) ? options.map(String).join(" | ") : issue.message;
  return [{ where: at, ...(value === undefined ? {} : { value: shortened(value) }), expected }];
}

function member(of: unknown, name: string): unknown {
  return typeof of === "object" && of !== null ? (of as Record<string, unknown>)[name] : undefined;
}

function shortened(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

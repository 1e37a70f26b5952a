/** The server's answer to a request it did not fulfil, or the absence of an answer. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: string;
  readonly status: number;
  readonly sentence: { zh: string; en: string };
  readonly detail: string | null;
  readonly problems: readonly ApiProblem[];
  /** How the thing is now, when it was changed by somebody else meanwhile. */
  readonly current: unknown;

  constructor(status: number, body: Partial<ErrorBody>) {
    super(body.message?.en ?? `HTTP ${status}`);
    this.status = status;
    this.code = body.code ?? "UNREACHABLE";
    this.sentence = body.message ?? { zh: "服务器没有回答", en: "the server did not answer" };
    this.detail = body.detail ?? null;
    this.problems = body.problems ?? [];
    this.current = body.current;
  }
}

export interface ApiProblem {
  where: string;
  value?: string;
  expected: string;
}

interface ErrorBody {
  code: string;
  message: { zh: string; en: string };
  detail: string | null;
  problems: ApiProblem[];
  current?: unknown;
}

export interface Page<Item> {
  items: Item[];
  next: string | null;
}

type Query = Record<string, string | number | null | undefined>;

const BASE = "/api/v1";
const PATIENCE_MS = 20_000;

/** @throws ApiError with the server's code, sentence and problems. */
export async function get<Answer>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Answer> {
  return request<Answer>("GET", path, query, undefined, signal);
}

/** @throws ApiError with the server's code, sentence and problems. */
export async function send<Answer>(
  method: "POST" | "PUT" | "DELETE",
  path: string,
  body: unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  return request<Answer>(method, path, {}, body, signal);
}

/** Sends a file as it is. @throws ApiError with the server's code, sentence and problems. */
export async function upload<Answer>(path: string, query: Query, file: Blob): Promise<Answer> {
  return request<Answer>("POST", path, query, file);
}

async function request<Answer>(
  method: string,
  path: string,
  query: Query,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const init: RequestInit = { method, signal: signal === undefined ? patience : AbortSignal.any([signal, patience]) };
  if (body !== undefined) {
    const isFile = body instanceof Blob;
    init.headers = { "content-type": isFile ? "application/octet-stream" : "application/json" };
    init.body = isFile ? body : JSON.stringify(body);
  }
  try {
    return await answerOf<Answer>(await fetch(`${BASE}${path}${search === "" ? "" : `?${search}`}`, init));
  } catch (error) {
    if (signal?.aborted === true || error instanceof ApiError) throw error;
    throw new ApiError(0, {});
  }
}

/**
 * What an answer says, `{}` when it is empty. A body that breaks off, or is not the server's, is no answer.
 * @throws ApiError with the server's code, sentence and problems.
 */
export async function answerOf<Answer>(response: Response): Promise<Answer> {
  let answer: unknown = {};
  try {
    const text = await response.text();
    if (text !== "") answer = JSON.parse(text);
  } catch {
    if (response.ok) throw new ApiError(0, {});
  }
  if (!response.ok) throw new ApiError(response.status, answer as Partial<ErrorBody>);
  return answer as Answer;
}

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";

export interface IdentityProvider {
  issuer: string;
  close: () => void;
}

/** Somebody whom the provider knows: the subject, and what it says of them. */
export type Claims = Record<string, string | boolean>;

/**
 * A real identity provider (oidc-provider, certified for OpenID Connect) on a port of this machine. Its page for signing in
 * is `POST …/login` with the name of one of its people; there is no password.
 */
export async function startIdentityProvider(
  redirect: string,
  people: Record<string, Claims>,
): Promise<IdentityProvider> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "wuxing",
        client_secret: "a secret of the test",
        redirect_uris: [redirect],
        grant_types: ["authorization_code"],
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["preferred_username"] },
    pkce: { required: () => true },
    ttl: { AccessToken: 60, IdToken: 60, Grant: 60, Interaction: 60, Session: 60 },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, id) =>
      people[id] === undefined ? undefined : { accountId: id, claims: async () => ({ sub: id, ...people[id] }) },
  });
  const answer = provider.callback();
  server.on("request", (request, response) => void answer(request, response));
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { issuer, close };
}

/** A browser's cookies, and nothing else of a browser: follows every redirect itself. */
export class CookieJar {
  readonly #cookies = new Map<string, Map<string, string>>();

  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const { host } = new URL(url);
    const kept = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, kept);
    const headers = new Headers(init.headers);
    headers.set("cookie", [...kept].map(([name, value]) => `${name}=${value}`).join("; "));
    const answer = await fetch(url, { ...init, headers, redirect: "manual" });
    for (const cookie of answer.headers.getSetCookie()) {
      const [name, ...value] = cookie.split(";")[0].split("=");
      kept.set(name, value.join("="));
    }
    return answer;
  }

  /** Goes on until no redirect is left, signing in as somebody where the provider asks. @returns where it ended */
  async goThrough(from: string, person: string): Promise<URL> {
    let url = from;
    let init: RequestInit = {};
    for (let i = 0; i < 20; i++) {
      const answer = await this.fetch(url, init);
      const next = answer.headers.get("location");
      init = {};
      if (next !== null) {
        url = new URL(next, url).href;
        if (new URL(url).pathname === "/") return new URL(url);
        continue;
      }
      const page = await answer.text();
      const action = /<form[^>]+action="([^"]+)"/.exec(page)?.[1];
      if (action === undefined) throw new Error(`${url}: ${answer.status} ${page.slice(0, 300)}`);
      const prompt = /name="prompt" value="(\w+)"/.exec(page)![1];
      url = new URL(action, url).href;
      init = {
        method: "POST",
        body: new URLSearchParams(prompt === "login" ? { prompt, login: person, password: "any" } : { prompt }),
      };
    }
    throw new Error(`no end at ${url}`);
  }
}

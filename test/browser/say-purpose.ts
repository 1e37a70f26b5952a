/** What a test asks the demo about beside its browser, it asks for the purpose of a virtual checkpoint. */
const { fetch } = globalThis;
globalThis.fetch = (input, init) => {
  const headers = new Headers(input instanceof Request ? input.headers : undefined);
  for (const [name, value] of new Headers(init?.headers)) headers.set(name, value);
  const url = input instanceof Request ? input.url : String(input);
  const isOwn = /^http:\/\/(localhost|127\.0\.0\.1)[:/]/.test(url) && !headers.has("cookie");
  if (isOwn && !headers.has("x-purpose")) headers.set("x-purpose", "checkpoint");
  return fetch(input, { ...init, headers });
};

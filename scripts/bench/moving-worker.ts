// A Worker that does with R2 what Plue does in a push and a clone, and nothing else.

/** `PUT /put` stores its body in pieces of 8 MiB, one under way at a time; `GET /get` gives them back one after the other. */
export const MOVING_WORKER = `
const PIECE = 8 * 1024 * 1024;
export default {
  async fetch(request, { OBJECTS }, context) {
    const { pathname } = new URL(request.url);
    if (pathname === "/put") return new Response(await put(request.body, OBJECTS));
    if (pathname !== "/get") return new Response("idle");
    const { readable, writable } = new IdentityTransformStream();
    context.waitUntil(get(writable, OBJECTS));
    return new Response(readable);
  },
};
async function put(body, bucket) {
  const reader = body.getReader({ mode: "byob" });
  let putting = Promise.resolve();
  for (let piece = 0, ended = false; !ended; piece++) {
    const { value, done } = await reader.readAtLeast(PIECE, new Uint8Array(PIECE));
    ended = done;
    await putting;
    if (value?.length > 0) putting = bucket.put("pack." + piece, value);
  }
  await putting;
  return "stored";
}
async function get(writable, bucket) {
  for (let piece = 0; ; piece++) {
    const object = await bucket.get("pack." + piece);
    if (object === null) break;
    await object.body.pipeTo(writable, { preventClose: true });
  }
  await writable.close();
}
`;

// A Worker that does with R2 what Plue does in a push and a clone, and nothing else.

/** `PUT /put` stores its body in parts of 8 MiB, one under way at a time; `GET /get` gives it back in ranges of 16 MiB. */
export const MOVING_WORKER = `
const PART = 8 * 1024 * 1024;
const RANGE = 16 * 1024 * 1024;
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
  const upload = await bucket.createMultipartUpload("pack");
  const reader = body.getReader({ mode: "byob" });
  const parts = [];
  let uploading = Promise.resolve();
  for (let number = 1, ended = false; !ended; number++) {
    const { value, done } = await reader.readAtLeast(PART, new Uint8Array(PART));
    ended = done;
    await uploading;
    if (value?.length > 0) uploading = upload.uploadPart(number, value).then((part) => parts.push(part));
  }
  await uploading;
  await upload.complete(parts);
  return "stored";
}
async function get(writable, bucket) {
  const { size } = await bucket.head("pack");
  for (let offset = 0; offset < size; offset += RANGE) {
    const length = Math.min(RANGE, size - offset);
    const { body } = await bucket.get("pack", { range: { offset, length } });
    await body.pipeTo(writable, { preventClose: true });
  }
  await writable.close();
}
`;

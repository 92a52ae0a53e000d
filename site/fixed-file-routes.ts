// The two files that browsers and crawlers ask every site for, whatever its pages say.
import { Hono } from "hono";
import type { AppEnv } from "../workers/core/app-env.ts";

/** What holds forms and answers of programs is of no use to a search. */
const ROBOTS = `User-agent: *
Disallow: /api/
Disallow: /internal/
Disallow: /login
Disallow: /register
Disallow: /settings
Disallow: /site-admin
`;

const KEPT = { "Cache-Control": "public, max-age=86400" };

export const fixedFileRoutes = new Hono<AppEnv>()
  .get("/robots.txt", (context) => context.text(ROBOTS, 200, KEPT))
  .get("/favicon.ico", (context) =>
    context.body(ICON, 200, { ...KEPT, "Content-Type": "image/vnd.microsoft.icon" }),
  );

const SIDE = 16;
const HEADERS_BYTES = 22;
const BITMAP_HEADER_BYTES = 40;
const PALETTE_BYTES = 8;
/** Rows of one bit a pixel, padded to 32 bits; once for the colours, once for what is transparent. */
const MASK_BYTES = SIDE * 4;
const ICON = makeIcon();

/** A black square with a white one in it: an ICO file with one bitmap of two colours. */
function makeIcon(): Uint8Array<ArrayBuffer> {
  const bitmapBytes = BITMAP_HEADER_BYTES + PALETTE_BYTES + 2 * MASK_BYTES;
  const bytes = new Uint8Array(HEADERS_BYTES + bitmapBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(2, 1, true); // an icon
  view.setUint16(4, 1, true); // of one image
  bytes.set([SIDE, SIDE, 2, 0], 6);
  view.setUint16(10, 1, true); // planes
  view.setUint16(12, 1, true); // bits a pixel
  view.setUint32(14, bitmapBytes, true);
  view.setUint32(18, HEADERS_BYTES, true);
  view.setUint32(22, BITMAP_HEADER_BYTES, true);
  view.setUint32(26, SIDE, true);
  view.setUint32(30, 2 * SIDE, true); // both masks
  view.setUint16(34, 1, true);
  view.setUint16(36, 1, true);
  const pixels = HEADERS_BYTES + BITMAP_HEADER_BYTES + PALETTE_BYTES;
  bytes.fill(0xff, pixels - 4, pixels - 1); // the palette: black, white
  for (let row = 4; row < SIDE - 4; row++) view.setUint16(pixels + 4 * row, 0b0000_1111_1111_0000);
  return bytes;
}

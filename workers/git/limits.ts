// What the git engine accepts, in one place. Every number is chosen so that one push stays inside
// an isolate's 128 MB; each has a test at the limit and one past it.

/** Largest pack that may be received, in bytes, trailer included. */
export const PACK_LIMIT_BYTES = 2 * 1024 ** 3;

/** Most objects one pack may hold. */
export const PACK_OBJECT_LIMIT = 2_000_000;

/** Largest single object, inflated. Blobs above BLOB_STREAM_BYTES are hashed in a stream, never held. */
export const OBJECT_LIMIT_BYTES = 512 * 1024 ** 2;

/** Largest commit, tree or tag, inflated: these are parsed and so are held whole. */
export const STRUCTURED_OBJECT_LIMIT_BYTES = 16 * 1024 ** 2;

/** Largest object that may be stored as a delta or serve as a delta's base: both are held whole. */
export const DELTA_OBJECT_LIMIT_BYTES = 24 * 1024 ** 2;

/** Longest chain of deltas. git itself makes chains of at most 4,095. */
export const DELTA_DEPTH_LIMIT = 10_000;

/** Sum of the sizes of all objects of one pack, deltas resolved: what bounds the work a bomb can cause. */
export const PACK_INFLATED_LIMIT_BYTES = 64 * 1024 ** 3;

/** Most bytes of resolved objects kept at hand as delta bases. */
export const BASE_CACHE_BYTES = 32 * 1024 ** 2;

/** Blobs larger than this are not held in memory while a pack is received, unless a delta needs them. */
export const BLOB_STREAM_BYTES = 2 * 1024 ** 2;

/** Longest name in a tree, as git's fsck.largePathname. */
export const TREE_NAME_LIMIT_BYTES = 4096;

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

/** Most bytes of commands and options of one push. */
export const PUSH_COMMANDS_LIMIT_BYTES = 4 * 1024 ** 2;

/** Most refs that one push may move. */
export const REF_UPDATE_LIMIT = 20_000;

/** Longest ref name, so that every name fits an index entry and a protocol line. */
export const REF_NAME_LIMIT_BYTES = 1024;

/** Most levels of a ref name, `refs/heads/main` having three: each may be in the way of another ref. */
export const REF_NAME_LEVELS_LIMIT = 32;

/** How long a client may take to send the next piece of a request (up to 1 MiB), or to take one of the answer. */
export const REQUEST_STEP_LIMIT_MS = 5 * 60 * 1000;

/** How long a client may take to send a request, and to take its answer. */
export const REQUEST_TIME_LIMIT_MS = 2 * 60 * 60 * 1000;

/** What is left of a refused push is read up to here, so that the client gets to hear why. */
export const DRAIN_LIMIT_BYTES = 256 * 1024 ** 2;

/** Most bytes of wants, haves and other lines of one fetch. */
export const FETCH_REQUEST_LIMIT_BYTES = 24 * 1024 ** 2;

/** Most filters combined into one, and how deep a combination may lie within others. */
export const COMBINED_FILTER_LIMIT = 16;
export const FILTER_NESTING_LIMIT = 4;

/** Most prefixes by which refs are listed; with more, all refs are, as git does. */
export const REF_PREFIX_LIMIT = 1000;

/** Most lines of a command's capabilities. */
export const COMMAND_LINE_LIMIT = 10_000;

/** Bytes of a piece of a large pack. Packs that are stored are read by it, so it can never change. */
export const SPOOL_PART_BYTES = 8 * 1024 ** 2;

/** Parts held by all pushes under way together, beyond the one that each fills. */
export const SPOOL_PARTS_LENT = 3;

/** Memory for the indexes and graphs of packs, and for small packs, kept between requests. */
export const PACK_CACHE_BYTES = 40 * 1024 ** 2;

/** Largest pack whose graph is made anew within a request that needs it; of a larger one housekeeping does it. */
export const GRAPH_REBUILT_IN_REQUEST_BYTES = 256 * 1024 ** 2;
export const GRAPH_REBUILT_IN_REQUEST_OBJECTS = 200_000;

/** Bytes of packs whose graphs one step of housekeeping makes anew; a larger pack is a step of its own. */
export const GRAPHS_REBUILT_PER_STEP_BYTES = 256 * 1024 ** 2;

/** Memory for objects that are kept as bases while a stored pack is read to be verified. */
export const VERIFY_CACHE_BYTES = 24 * 1024 ** 2;

/** Bytes of packs that one step of housekeeping reads to prove that nothing will be missing; the last may be larger. */
export const VERIFIED_PER_STEP_BYTES = 1024 ** 3;

/** Gaps that are named where housekeeping stopped, and the longest text of them. */
export const GAPS_NAMED = 10;
export const GAP_TEXT_CHARACTERS = 4000;

/** How long packs stay untouched after a gap was found, until it is looked for again. */
export const GAP_RECHECK_MS = 15 * 60 * 1000;

/** Most objects of other packs that the objects of one may reference. */
export const NEEDS_LIMIT = 1_000_000;

/** Memory for what visible refs reach, kept while no ref moves, and for the plans of fetches. */
export const REACHED_CACHE_BYTES = 1024 ** 2;
export const PLAN_CACHE_BYTES = 2 * 1024 ** 2;

/** Most ids in a fetch's question whose plan or answer is kept for whoever asks the same. */
export const REUSED_QUESTION_OIDS = 4096;

/** Largest answer to a fetch that is kept whole; memory for those being put together; and all that one isolate keeps. */
export const REUSED_ANSWER_BYTES = 2 * 1024 ** 2;
export const ANSWERS_IN_MAKING_BYTES = 4 * 1024 ** 2;
export const ANSWERS_KEPT_BYTES = 256 * 1024 ** 2;

/** Most bytes and objects that the packs of one repository may have together, unless its row says otherwise. */
export const REPOSITORY_LIMIT_BYTES = 8 * 1024 ** 3;
export const REPOSITORY_OBJECT_LIMIT = 4_000_000;

/** Most bytes and objects that one repack combines; a pack that is larger by itself is left as it is. */
export const REPACK_LIMIT_BYTES = 1024 ** 3;
export const REPACK_OBJECT_LIMIT = 500_000;

/** A push that leaves more packs than this has them combined at once. */
export const CROWDED_PACKS = 8;

/** How long a pack that was replaced can still be read. */
export const RETIRED_PACK_KEPT_MS = 60 * 60 * 1000;

/** After this long, whoever began to delete a pack's objects has ended: no invocation lives that long. */
export const DELETION_TAKEOVER_MS = 60 * 60 * 1000;

/** An unreachable object is kept at least this long after the push that brought it. */
export const UNREACHABLE_GRACE_MS = 60 * 60 * 1000;

/** An object in R2 that no row names is kept this long: longer than any push takes. */
export const ORPHAN_GRACE_MS = 24 * 60 * 60 * 1000;

/** How long one worker keeps house in a repository undisturbed: as long as a queue's consumer may live. */
export const HOUSEKEEPING_LEASE_MS = 15 * 60 * 1000;

/** What one tick of the clock does at most: repositories handed to the queue, packs deleted, keys looked at. */
export const DUE_REPOSITORIES_PER_TICK = 50;
export const OLD_GRAPHS_PER_TICK = 30;
export const GAPS_PER_TICK = 20;
export const DELETED_PACKS_PER_TICK = 100;
export const SWEPT_KEYS_PER_TICK = 1000;

/** Passes over all of R2's keys begin at least this far apart. */
export const SWEEP_PASS_MS = 24 * 60 * 60 * 1000;

/** Smallest pack that is offered as a bundle: below it a client is better served by a fetch alone. */
export const BUNDLE_PACK_BYTES_MIN = 1024 ** 2;

/** Most refs that an offered bundle names. */
export const BUNDLE_REF_LIMIT = 1000;

/** Largest head of a bundle: its capabilities, prerequisites and refs. */
export const BUNDLE_HEADER_LIMIT_BYTES = 4 * 1024 ** 2;

/** Most new commits of one move that rules about each of them look at; a move of more is refused where such rules are. */
export const JUDGED_COMMITS_LIMIT = 1000;

/** Most trees that a search for changes of protected paths reads. */
export const JUDGED_TREES_LIMIT = 2000;
/** What matching the names of a push, or its paths, against globs may cost: characters times tokens. */
export const JUDGED_GLOB_STEPS_LIMIT = 50_000_000;

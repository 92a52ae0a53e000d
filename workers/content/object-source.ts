// What reading content needs of the git engine: any object by its id.
import type { ObjectType } from "../git/object/object-type.ts";

export interface ObjectSource {
  /** The whole object, or null when the repository has none of that id. */
  readObject(oid: string): Promise<{ type: ObjectType; bytes: Uint8Array } | null>;
  /** Its type and size alone, which costs no read of the object. */
  readHeader(oid: string): Promise<{ type: ObjectType; sizeBytes: number } | null>;
}

/** Objects of which blobs may be too large to hold. */
export interface StreamableObjectSource extends ObjectSource {
  /** Shows `visit` a blob piece by piece until it gives false; false when the blob has to be read whole instead. */
  streamBlob(oid: string, visit: (piece: Uint8Array) => unknown): Promise<boolean>;
}

/** Objects of a repository with refs. */
export interface VisibleObjectSource extends ObjectSource {
  /** Whether a ref that readers see reaches the object. What none reaches isn't shown, though it be stored. */
  isVisible(oid: string): Promise<boolean>;
}

// What reading content needs of the git engine: any object by its id.
import type { ObjectType } from "../git/object/object-type.ts";

export interface ObjectSource {
  /** The whole object, or null when the repository has none of that id. */
  readObject(oid: string): Promise<{ type: ObjectType; bytes: Uint8Array } | null>;
  /** Its type and size alone, which costs no read of the object. */
  readHeader(oid: string): Promise<{ type: ObjectType; sizeBytes: number } | null>;
}

/** Objects of a repository with refs. */
export interface VisibleObjectSource extends ObjectSource {
  /** Whether a ref that readers see reaches the object. What none reaches isn't shown, though it be stored. */
  isVisible(oid: string): Promise<boolean>;
}

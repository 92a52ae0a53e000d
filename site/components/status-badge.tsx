// A status as a bordered word with a mark. The mark is for the eye only; the word is what is read.
import { describeStatus, type Status } from "./status-text.ts";

/** @param of whose status it is, such as `job-5`, where the page's script keeps it current */
export function StatusBadge({ status, of }: { status: Status; of?: string }) {
  const { mark, word } = describeStatus(status);
  return (
    <span class="status" data-status={status} data-status-of={of}>
      <span aria-hidden="true" data-mark="">
        {mark}
      </span>{" "}
      <span data-word="">{word}</span>
    </span>
  );
}

// Invitations that nobody has taken yet, each with a button that withdraws it.

import type { Frame } from "./frame.ts";
import { Moment } from "./moment.tsx";
import { ActButton } from "./role-forms.tsx";

interface OpenInvitationsProps {
  frame: Frame;
  invitations: readonly { id: number; invitee: string; role: string; expiresAt: Date }[];
  /** Where `act=withdraw` and the invitation's `id` are posted. */
  action: string;
}

export function OpenInvitations({ frame, invitations, action }: OpenInvitationsProps) {
  const { viewer } = frame;
  return (
    <>
      <h2>Open invitations</h2>
      {invitations.length === 0 ? <p>None.</p> : null}
      <ul class="list">
        {invitations.map(({ id, invitee, role, expiresAt }) => (
          <li class="item row">
            <span class="name">{invitee}</span>
            <span>as {role}</span>
            <span class="facts">
              until <Moment at={expiresAt} now={frame.now} />
            </span>
            <span class="end">
              <ActButton
                {...{ viewer, action, hidden: { act: "withdraw", id: String(id) } }}
                {...{ label: "Withdraw", of: invitee }}
              />
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

// Invitations that nobody has taken yet, each with a button that withdraws it, and one that mails it again.

import type { Frame } from "./frame.ts";
import { Moment } from "./moment.tsx";
import { ActButton } from "./role-forms.tsx";

export interface OpenInvitation {
  id: number;
  /** A username, or the address it was mailed to. */
  invitee: string;
  isMailed: boolean;
  role: string;
  expiresAt: Date;
}

interface OpenInvitationsProps {
  frame: Frame;
  invitations: readonly OpenInvitation[];
  /** Where `act=withdraw` or `act=resend` and the invitation's `id` are posted. */
  action: string;
}

export function OpenInvitations({ frame, invitations, action }: OpenInvitationsProps) {
  const { viewer } = frame;
  return (
    <>
      <h2>Open invitations</h2>
      {invitations.length === 0 ? <p>None.</p> : null}
      <ul class="list">
        {invitations.map(({ id, invitee, isMailed, role, expiresAt }) => (
          <li class="item row">
            <span class="name">{invitee}</span>
            <span>as {role}</span>
            <span class="facts">
              until <Moment at={expiresAt} now={frame.now} />
            </span>
            <span class="row end">
              {isMailed ? (
                <ActButton
                  {...{ viewer, action, hidden: { act: "resend", id: String(id) } }}
                  {...{ label: "Mail again", of: invitee }}
                />
              ) : null}
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

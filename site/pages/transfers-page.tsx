// Repositories on offer, to the viewer and by them. Posts `act` and the offer's `id`.
import type { Child } from "hono/jsx";
import type { Frame } from "../components/frame.ts";
import { Moment } from "../components/moment.tsx";
import { ownerPath } from "../components/organization-paths.ts";
import { ActButton } from "../components/role-forms.tsx";
import { SettingsLayout, settingsPath } from "../components/settings-layout.tsx";
import { FormProblem } from "../components/text-field.tsx";

interface OfferView {
  id: number;
  owner: string;
  name: string;
  newName: string | null;
  requester: string;
  recipient: string;
  expiresAt: Date;
}

interface TransfersPageProps {
  frame: Frame;
  notice: string | null;
  problem: string | undefined;
  incoming: readonly OfferView[];
  outgoing: readonly OfferView[];
}

export function TransfersPage({ frame, notice, problem, incoming, outgoing }: TransfersPageProps) {
  const button = (act: string, label: string, offer: OfferView) => (
    <ActButton
      {...{ viewer: frame.viewer, action: settingsPath("transfers"), label }}
      {...{ hidden: { act, id: String(offer.id) }, of: `${offer.owner}/${offer.name}` }}
    />
  );
  return (
    <SettingsLayout frame={frame} current="transfers" notice={notice}>
      <FormProblem problem={problem} />
      <h2>Offered to you</h2>
      <p>
        What you accept is yours at once, with its collaborators and deploy keys. Whoever owned it keeps the
        role admin until you end that.
      </p>
      <OfferList {...{ frame, offers: incoming, withWhom: (offer) => offer.requester, word: "by" }}>
        {(offer) => [button("accept", "Accept", offer), button("decline", "Decline", offer)]}
      </OfferList>
      <h2>Offered by you</h2>
      <OfferList {...{ frame, offers: outgoing, withWhom: (offer) => offer.recipient, word: "to" }}>
        {(offer) => button("cancel", "Take back", offer)}
      </OfferList>
    </SettingsLayout>
  );
}

interface OfferListProps {
  frame: Frame;
  offers: readonly OfferView[];
  word: string;
  withWhom: (offer: OfferView) => string;
  children: (offer: OfferView) => Child;
}

function OfferList({ frame, offers, word, withWhom, children }: OfferListProps) {
  if (offers.length === 0) return <p>Nothing.</p>;
  return (
    <ul class="list">
      {offers.map((offer) => (
        <li class="item row">
          <span class="name">
            {offer.owner}/{offer.name}
          </span>
          {offer.newName === null ? null : <span>as {offer.newName}</span>}
          <span>
            {word} <a href={ownerPath(withWhom(offer))}>{withWhom(offer)}</a>
          </span>
          <span class="facts">
            until <Moment at={offer.expiresAt} now={frame.now} />
          </span>
          <span class="row end">{children(offer)}</span>
        </li>
      ))}
    </ul>
  );
}

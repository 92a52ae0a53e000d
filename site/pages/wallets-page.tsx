// One's wallets: the ones that sign in, and the form that adds one.
import { CredentialItem } from "../components/credential-item.tsx";
import type { Frame } from "../components/frame.ts";
import { SettingsLayout, settingsPath } from "../components/settings-layout.tsx";
import { FormProblem } from "../components/text-field.tsx";
import { WalletForm } from "../components/wallet-form.tsx";

interface WalletsPageProps {
  frame: Frame;
  wallets: { id: number; address: string; name: string; createdAt: Date; lastUsedAt: Date | null }[];
  notice: string | null;
  problem: string | undefined;
}

export function WalletsPage({ frame, wallets, notice, problem }: WalletsPageProps) {
  const path = settingsPath("wallets");
  return (
    <SettingsLayout frame={frame} current="wallets" notice={notice} script={frame.assets.walletScript}>
      <FormProblem problem={problem} />
      <p>Whoever can sign with one of these Ethereum wallets signs in as you.</p>
      {wallets.length === 0 ? (
        <p class="facts">You have none yet.</p>
      ) : (
        <ul class="list">
          {wallets.map(({ address, ...wallet }) => (
            <CredentialItem
              {...wallet}
              frame={frame}
              path={`${path}/${wallet.id}`}
              title={address}
              nameRequired={false}
              facts={[]}
            />
          ))}
        </ul>
      )}
      <h2>Add a wallet</h2>
      <WalletForm frame={frame} purpose="add" action={path} verb="Add a wallet of" returnTo={path} />
    </SettingsLayout>
  );
}

// Connect, sign in, sign out.
import { useState } from "react";
import { t } from "../texts/en";
import { Fault } from "../ui/Fault";
import { Address, Card, Facts, Page } from "../ui/parts";
import { useSession } from "../wallet/session";
import { useWallet } from "../wallet/wallet";
import { Connect, SignIn } from "./tasks/Account";

export default function ConnectPage(_: { parts: Record<string, string> }) {
  const { connected, disconnect } = useWallet();
  const { account, signOut } = useSession();
  const [error, setError] = useState<unknown>();
  return (
    <Page title={connected ? t.connect.account : t.connect.title} lead={connected ? undefined : t.connect.lead}>
      {!connected && <Connect />}
      {connected && (
        <Card>
          <Facts
            rows={[
              [t.connect.connected, connected.wallet.info.name],
              [t.connect.account, <Address key="account" of={connected.account} name={connected.account} />],
              [t.connect.signedIn, account ? t.yes : t.no],
            ]}
          />
          {error !== undefined && <Fault error={error} />}
          <div className="row">
            {!account && <SignIn />}
            {account && (
              <button type="button" className="button" onClick={() => void signOut().catch(setError)}>
                {t.connect.signOut}
              </button>
            )}
            <button type="button" className="button" onClick={disconnect}>
              {t.connect.disconnect}
            </button>
          </div>
        </Card>
      )}
    </Page>
  );
}

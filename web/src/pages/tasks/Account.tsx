// The first two steps of everybody who works: a wallet, and a sign-in with it.
import { useState } from "react";
import { t } from "../../texts/en";
import { useConfirm } from "../../ui/Confirm";
import { Fault, ToldError } from "../../ui/Fault";
import { Notice } from "../../ui/parts";
import { UnexpectedTextError, useSession } from "../../wallet/session";
import type { Wallet } from "../../wallet/provider";
import { useWallet } from "../../wallet/wallet";

export function Connect() {
  const { wallets, connect } = useWallet();
  const [error, setError] = useState<unknown>();
  const choose = async (wallet: Wallet) => {
    setError(undefined);
    await connect(wallet).catch(setError);
  };
  if (!wallets.length) {
    return (
      <Notice kind="warn" title={t.connect.none}>
        <p>{t.connect.noneTodo}</p>
      </Notice>
    );
  }
  return (
    <div className="stack tight fill">
      <ul className="wallets plain-list" aria-label={t.connect.choose}>
        {wallets.map((wallet) => (
          <li key={wallet.info.uuid}>
            <button type="button" className="button" onClick={() => void choose(wallet)}>
              {wallet.info.icon.startsWith("data:image/") && <img src={wallet.info.icon} alt="" />}
              {wallet.info.name}
            </button>
          </li>
        ))}
      </ul>
      {error !== undefined && <Fault error={error} />}
    </div>
  );
}

export function SignIn() {
  const { askText, signIn } = useSession();
  const confirm = useConfirm();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const start = async () => {
    setError(undefined);
    setBusy(true);
    try {
      const asked = await askText();
      await confirm({
        title: t.connect.words.title,
        lines: t.connect.words.lines(asked.domain),
        exact: asked.message,
        yes: t.connect.words.yes,
        run: () => signIn(asked),
      });
    } catch (fault) {
      setError(fault instanceof UnexpectedTextError ? new ToldError(t.faults.unexpectedText(fault.message)) : fault);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button type="button" className="button primary" onClick={() => void start()} disabled={busy}>
        {t.connect.signIn}
      </button>
      {error !== undefined && <Fault error={error} />}
    </>
  );
}

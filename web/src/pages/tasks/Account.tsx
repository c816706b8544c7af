// The first two steps of everybody who works: a wallet, and a sign-in with it.
import { useEffect, useState } from "react";
import { useSite } from "../../app/site";
import { t } from "../../texts/en";
import { useConfirm } from "../../ui/Confirm";
import { Fault, ToldError } from "../../ui/Fault";
import { spanText } from "../../ui/format";
import { Notice } from "../../ui/parts";
import { UnexpectedTextError, useSession } from "../../wallet/session";
import { nodeAddress } from "../../wallet/change";
import { isContested, isOurs, type Wallet } from "../../wallet/provider";
import { useWallet } from "../../wallet/wallet";

export function Connect() {
  const { wallets, connect } = useWallet();
  const [error, setError] = useState<unknown>();
  const [asked, setAsked] = useState<Wallet | null>(null);
  const choose = async (wallet: Wallet) => {
    setError(undefined);
    setAsked(wallet);
    try {
      await connect(wallet);
    } catch (fault) {
      setError(fault);
    } finally {
      setAsked((now) => (now === wallet ? null : now));
    }
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
              {wallet.info.icon && <img src={wallet.info.icon} alt="" />}
              {wallet.info.name}
            </button>
            {!isOurs(wallet) && <p className="quiet small-text">{wallet.info.rdns}</p>}
          </li>
        ))}
      </ul>
      {wallets.some((wallet) => isContested(wallet.info.rdns)) && <Notice kind="warn" title={t.connect.contested} />}
      {asked && <Waiting name={asked.info.name} />}
      {error !== undefined && <Fault error={error} />}
    </div>
  );
}

const SLOW = 8_000;

/** A wallet is asked; one that does not answer is told of after a while. */
function Waiting({ name }: { name: string }) {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), SLOW);
    return () => clearTimeout(timer);
  }, [name]);
  return (
    <p role="status" className="quiet">
      {slow ? t.connect.slow(name) : t.confirm.inWallet}
    </p>
  );
}

/** The wallet is on another chain, and how to change that; nothing where it is on the right one. */
function ChainWarning() {
  const site = useSite();
  const { connected, rightChain, changeChain } = useWallet();
  const confirm = useConfirm();
  if (!connected || rightChain) return null;
  const words = t.faults.wrongChain(site.chainId, connected.chainId);
  const change = () =>
    confirm({
      title: t.connect.change,
      lines: t.connect.changeLines(site.chainId, nodeAddress(site)),
      yes: t.connect.change,
      run: changeChain,
    });
  return (
    <div className="notice bad fill" role="alert">
      <p>
        <strong>{words.what}</strong>
      </p>
      <button type="button" className="button small" onClick={() => void change()}>
        {t.connect.change}
      </button>
    </div>
  );
}

export function SignIn() {
  const site = useSite();
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
        lines: t.connect.words.lines(asked.domain, spanText(site.sessionSeconds)),
        exact: asked.message,
        yes: t.connect.words.yes,
        run: (tell) => signIn(asked, tell),
      });
    } catch (fault) {
      setError(fault instanceof UnexpectedTextError ? new ToldError(t.faults.unexpectedText(fault.message)) : fault);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <ChainWarning />
      <button type="button" className="button primary" onClick={() => void start()} disabled={busy}>
        {t.connect.signIn}
      </button>
      {error !== undefined && <Fault error={error} />}
    </>
  );
}

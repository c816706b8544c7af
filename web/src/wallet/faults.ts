// What went wrong, in words: what happened, and what to do. Every error of a page comes through here.
import { BaseError, ContractFunctionRevertedError } from "viem";
import { OddAnswerError, OtherSignerError } from "./answers";
import { NoChainError } from "./chain";
import { NoTypedDataError, WrongChainError } from "./request";
import { FailedError, ReplacedError } from "./send";
import { t } from "../texts/en";
import type { FaultWords } from "../ui/faultWords";

/** The words for a fault of a wallet or of the chain; null for any other. */
export function chainFault(error: unknown): FaultWords | null {
  if (error instanceof WrongChainError) return t.faults.wrongChain(error.wanted, error.found);
  if (error instanceof NoChainError) return t.faults.noChain;
  if (error instanceof OddAnswerError) return t.faults.oddAnswer(t.faults.oddAnswers[error.asked]);
  if (error instanceof OtherSignerError) return t.faults.otherSigner;
  if (error instanceof NoTypedDataError) return t.faults.noTypedData(error.message);
  if (error instanceof FailedError) return t.faults.failedTransaction(error.transaction);
  if (error instanceof ReplacedError) return (error.cancelled ? t.faults.cancelledTransaction : t.faults.replacedTransaction)(error.by);
  const code = codeOf(error);
  if (code === 4001 || code === "ACTION_REJECTED") return t.faults.rejected;
  if (code === 4100 || code === -32002) return t.faults.walletBusy;
  if (code === 4902) return t.faults.unknownChain;
  return error instanceof BaseError ? viemFault(error) : null;
}

function viemFault(error: BaseError): FaultWords {
  const reverted = error.walk((each) => each instanceof ContractFunctionRevertedError);
  if (reverted instanceof ContractFunctionRevertedError) {
    const name = reverted.data?.errorName ?? "";
    const known = t.faults.reverts[name as keyof typeof t.faults.reverts];
    return known ?? t.faults.reverted(name || reverted.reason || error.shortMessage);
  }
  if (/insufficient funds/i.test(error.message)) return t.faults.noGas;
  if (/HttpRequestError|TimeoutError|fetch/i.test(`${error.name} ${error.shortMessage}`)) return t.faults.chainLost;
  return t.faults.other(error.shortMessage);
}

/** The code of EIP-1193 or JSON-RPC, however deep it is. */
function codeOf(error: unknown): unknown {
  for (let each = error; typeof each === "object" && each !== null; each = (each as { cause?: unknown }).cause) {
    const code = (each as { code?: unknown }).code;
    if (code !== undefined) return code;
  }
  return undefined;
}

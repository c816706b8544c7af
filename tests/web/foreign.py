"""Wallets that are not the page's own, announced as extensions do it (EIP-6963): honest and hostile ones."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from labelshare.types import Address
from tests.web.browser import Visitor

PNG = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HERE, ELSEWHERE = "0x7a69", "0x1"

# One wallet. What it signs and sends is signed by the development node, whose accounts are unlocked.
# `window.testWallets[name]` is its inside: what it was asked, and the levers that its owner has.
WALLET = """
(given) => {
  const inside = { ...given, asked: [], listeners: {} };
  const permit = `wallet of ${given.uuid}`; // a wallet remembers whom it let in
  inside.emit = (event, value) => { for (const each of inside.listeners[event] ?? []) each(value); };
  inside.change = (parts) => Object.assign(inside, parts);
  const node = async (method, params) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const headers = { 'Content-Type': 'application/json' };
    const answer = await (await fetch(inside.node, { method: 'POST', headers, body })).json();
    if (answer.error) throw answer.error; // a bare object, as many wallets throw it
    return answer.result;
  };
  const fault = (code, message) => Object.assign(new Error(message), { code });
  const methods = {
    eth_chainId: () => inside.chain,
    eth_accounts: () => (localStorage.getItem(permit) ? [inside.account] : []),
    eth_requestAccounts: () => { localStorage.setItem(permit, 'yes'); return [inside.account]; },
    wallet_switchEthereumChain: ([{ chainId }]) => {
      if (!inside.chains.includes(chainId)) throw fault(4902, 'unknown chain');
      inside.chain = chainId;
      inside.emit('chainChanged', chainId);
      return null;
    },
    wallet_addEthereumChain: ([{ chainId }]) => { inside.chains.push(chainId); return null; },
    personal_sign: ([text]) => node('personal_sign', [text, inside.signer ?? inside.account]),
    eth_signTypedData_v4: ([, text]) =>
      node('eth_signTypedData_v4', [inside.signer ?? inside.account, JSON.parse(text)]),
  };
  const provider = {
    on(event, listener) { (inside.listeners[event] ??= []).push(listener); },
    removeListener(event, listener) {
      inside.listeners[event] = (inside.listeners[event] ?? []).filter((each) => each !== listener);
    },
    async request({ method, params = [] }) {
      inside.asked.push(method);
      if (inside.holds.includes(method)) await new Promise((go) => { inside.release = go; });
      if (method in inside.refuses) throw fault(...inside.refuses[method]);
      if (method in inside.answers) {
        const answer = inside.answers[method];
        return answer === 'never' ? new Promise(() => {}) : answer;
      }
      const done = await (method in methods ? methods[method](params) : node(method, params));
      return inside.silent.includes(method) ? new Promise(() => {}) : done;
    },
  };
  (window.testWallets ??= {})[given.name] = inside;
  const { uuid, name, icon, rdns } = given;
  const detail = Object.freeze({ info: Object.freeze({ uuid, name, icon, rdns }), provider });
  const announce = () => dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }));
  addEventListener('eip6963:requestProvider', announce);
  announce();
}
"""

# What an attacker announces: each must do no harm, and none may take the place of another.
HOSTILE = """
(() => {
  const request = async ({ method }) => (method === 'eth_chainId' ? '0x7a69' : ['0x' + '66'.repeat(20)]);
  const large = 'A'.repeat(10 * 1024 * 1024);
  const run = "window.hacked = 'yes'; parent.hacked = 'yes'; top.hacked = 'yes'";
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="' + run + '"><script>' + run + '</script>'
    + '<image href="https://elsewhere.example/pixel.png"/></svg>';
  const wallet = (uuid, name, icon, rdns) => ({ info: { uuid, name, icon, rdns }, provider: { request } });
  const details = [
    wallet('h1', '<img src=x onerror="' + run + '">', 'javascript:' + run, '<b>rdns</b>'),
    wallet('h2', 'Large name ' + large, 'data:image/png;base64,' + large, large),
    wallet('h3', 'Drawn', 'data:image/svg+xml,' + encodeURIComponent(svg), 'example.drawn'),
    wallet('h4', 'Far', 'https://elsewhere.example/icon.png', 'example.far'),
    wallet('h5', 'Page', 'data:text/html,<script>' + run + '</script>', 'example.page'),
    wallet('h6', 'Twin', '', 'example.first'),
    wallet('h7', 'Dev account 33', '', 'org.labelshare.dev.3'),
    wallet('uuid-first', 'In its place', '', 'example.thief'),
    wallet('labelshare-dev-3', 'In ours', '', 'example.thief'),
    wallet('h8', '\\u202ednuora denruT', '', 'example.turned'),
    wallet('h9', '\\u200b\\u200b', '', 'example.unseen'),
    wallet('h10', 7, null, {}),
    wallet({}, 'No uuid', '', 'example.none'),
    { info: { uuid: 'h11', name: 'No provider' } },
    { info: { uuid: 'h12', name: 'Not callable' }, provider: { request: 'yes' } },
    { info: null, provider: { request } },
    { get info() { throw new Error('trap'); }, provider: { request } },
    { provider: { request }, info: { uuid: 'h13', get name() { throw new Error('trap'); }, rdns: 'x' } },
    null, undefined, 'text', 7, [],
  ];
  const announce = () => {
    for (const detail of details) dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }));
  };
  addEventListener('eip6963:requestProvider', announce);
})();
"""


@dataclass
class Foreign:
    """A wallet, and who holds it.

    Attributes:
        node: Where it signs and sends.
        account: The account that it names.
        name: What it calls itself.
        rdns: Whose it says that it is.
        uuid: Its name for this load of the page.
        icon: An address of a picture.
        chain: The chain that it is on.
        chains: The chains that it knows.
        signer: Another account that signs in place of its own.
        refuses: Code and message by method.
        answers: What it answers instead of the truth, by method; "never" for no answer.
        holds: Methods that it answers only once it is released, and as it is then.
        silent: Methods that it does, and never answers.
    """

    node: str
    account: str
    name: str = "First wallet"
    rdns: str = "example.first"
    uuid: str = "uuid-first"
    icon: str = PNG
    chain: str = HERE
    chains: list[str] = field(default_factory=lambda: [HERE, ELSEWHERE])
    signer: str | None = None
    refuses: dict[str, tuple[int, str]] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    holds: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)

    def given_to(self, visitor: Visitor) -> Foreign:
        """Announced on every page that the visitor loads from now on."""
        visitor.context.add_init_script(f"({WALLET})({json.dumps(asdict(self))});")
        return self

    def changes(self, visitor: Visitor, **parts: Any) -> None:
        """From now on it behaves otherwise, until the page is loaded again."""
        visitor.page.evaluate(f"(parts) => {self._inside}.change(parts)", parts)

    def releases(self, visitor: Visitor, *holds: str) -> None:
        """The owner turns to what is held; from now on only `holds` are."""
        self.changes(visitor, holds=list(holds))
        visitor.page.evaluate(f"() => {self._inside}.release()")

    def says(self, visitor: Visitor, event: str, value: Any) -> None:
        """An event of the wallet's own."""
        visitor.page.evaluate(f"([event, value]) => {self._inside}.emit(event, value)", [event, value])

    def asked(self, visitor: Visitor, method: str) -> int:
        """How often it was asked, on this load of the page."""
        asked: list[str] = visitor.page.evaluate(f"() => {self._inside}.asked")
        return asked.count(method)

    @property
    def _inside(self) -> str:
        return f"window.testWallets[{json.dumps(self.name)}]"


def lower(account: Address) -> str:
    """As wallets give it: without the letters' case, which is a checksum."""
    return str(account).lower()
